#include "herd/program/watch.hpp"

#include "herd/config/text.hpp"
#include "herd/program/change_json.hpp"
#include "herd/program/dialogue.hpp"
#include "herd/program/disarm.hpp"
#include "herd/program/refusal.hpp"
#include "herd/program/wrong_port.hpp"
#include "reactor/loop.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace herd::program {

namespace {

using reactor::Delegate;

// The longest line that a server may have, and more.
constexpr std::size_t line_size_max = std::size_t{1} << 20;

class Watching {
public:
    Watching(const config::Config& config,
             const std::vector<std::string>& what,
             const WatchOptions& options)
        : config_(config),
          options_(options),
          dialogue_(loop_,
                    {.time = options.time_limit, .size = line_size_max},
                    Dialogue::Reader::to<&Watching::take>(*this),
                    Delegate<void()>::to<&Watching::on_over>(*this)) {
        if (!options.auth.empty()) lines_.push_back(options.auth);
        for (const std::string& each : what) lines_.push_back("FOLLOW " + each);
    }

    reactor::Result<void> start(const reactor::Address& server, reactor::SealPtr seal) {
        if (auto opened = loop_.open({.watches = 4, .timers = 4}); !opened) return opened;
        std::string out;
        for (const std::string& line : lines_) out += line + "\n";
        return dialogue_.start(server, std::move(out), std::move(seal));
    }
    void run() { loop_.run(); }

    std::string_view trouble() const { return dialogue_.trouble(); }
    bool refused() const { return refused_; }
    // What is wrong with the port; empty: clients are answered there.
    const std::string& wrong_port() const { return wrong_port_; }

private:
    // True: that is all, as it was refused, or comes from nobody who takes clients.
    bool take(std::string& text) {
        std::size_t taken = 0;
        std::string shown;
        std::size_t end = 0;
        while (!done() && (end = text.find('\n', taken)) != std::string::npos) {
            take_line(std::string_view(text).substr(taken, end - taken), shown);
            taken = end + 1;
        }
        disarm(shown);
        std::fwrite(shown.data(), 1, shown.size(), stdout);
        std::fflush(stdout);
        text.erase(0, taken);
        return done();
    }
    bool done() const { return refused_ || !wrong_port_.empty(); }
    void take_line(std::string_view line, std::string& shown) {
        wrong_port_ = program::wrong_port(line);
        if (!wrong_port_.empty()) return;
        const bool pushed = line.starts_with("NOW ") || line.starts_with("GONE ");
        if (line.starts_with('?')) {
            refused_ = true;
            return tell_refusal(std::string(line));
        }
        const bool answers = !pushed && answers_ < lines_.size();
        if (answers && ++answers_ == lines_.size()) dialogue_.wait_on();
        if (line.starts_with("AUTH ")) return;
        if (answers) ++followed_;
        shown += options_.json ? change_json(line) : std::string(line);
        shown += '\n';
    }
    void tell_refusal(std::string line) const {
        const bool token = line.starts_with("? AUTH ");
        const std::string_view echo = echo_of(line);
        const std::string reason = reason_of_refusal({.line = refused_line(echo),
                                                      .echo = echo,
                                                      .followed = followed_,
                                                      .has_token = has_token()},
                                                     config_);
        disarm(line);
        std::fprintf(stderr,
                     "herd: the server refuses%s: %s\n",
                     token ? " the token" : (": " + line).c_str(),
                     reason.c_str());
    }
    // The first that is not answered yet; or else what comes back is taken for what was said.
    std::string_view refused_line(std::string_view echo) const {
        const bool fits = answers_ < lines_.size() && lines_[answers_].starts_with(echo);
        return fits ? std::string_view(lines_[answers_]) : echo;
    }
    bool has_token() const { return !options_.auth.empty(); }
    void on_over() { loop_.stop(); }

    const config::Config& config_;
    const WatchOptions& options_;
    reactor::Loop loop_;
    Dialogue dialogue_;
    std::vector<std::string> lines_;  // as they are sent, without their ends
    std::size_t answers_ = 0;         // to the first of these; with a refusal it ends
    std::size_t followed_ = 0;
    bool refused_ = false;
    std::string wrong_port_;
};

}  // namespace

int watch(const config::Config& config,
          const config::Server& server,
          const std::vector<std::string>& what,
          const WatchOptions& options) {
    assert(!what.empty());
    ClientPort port(server, options.port);
    const auto fail = [&](std::string_view trouble) {
        std::fprintf(stderr,
                     "%s: %.*s\n",
                     config::text_of(port.address()).c_str(),
                     static_cast<int>(trouble.size()),
                     trouble.data());
        return 2;
    };
    if (const auto opened = port.open(config); !opened) return fail(opened.error());
    Watching watching(config, what, options);
    if (const auto started = watching.start(port.address(), port.make_seal()); !started) {
        return fail(describe(started.error()));
    }
    watching.run();
    if (!watching.wrong_port().empty()) {
        return fail_at_wrong_port(port.address(), watching.wrong_port());
    }
    return watching.refused() ? 1 : fail(watching.trouble());
}

}  // namespace herd::program
