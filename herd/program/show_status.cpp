#include "herd/program/show_status.hpp"

#include "herd/program/credentials.hpp"
#include "herd/program/dialogue.hpp"
#include "herd/program/status_table.hpp"
#include "herd/tls/dialler.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace herd::program {

namespace {

using reactor::Delegate;

// A status of 64 servers with all their links is a tenth of that.
constexpr Dialogue::Limits limits = {.time = std::chrono::seconds(2), .size = std::size_t{1} << 20};

// One server, asked once.
class Question {
public:
    Question(reactor::Loop& loop, const config::Server& server, Delegate<void()> over)
        : server_(server),
          over_(over),
          dialogue_(loop,
                    limits,
                    Dialogue::Reader::to<&Question::take>(*this),
                    Delegate<void()>::to<&Question::on_over>(*this)) {}

    // True: `over` will be called.
    bool start(reactor::SealPtr seal) {
        assert(!server_.legacy);
        const auto begun = dialogue_.start(server_.peers, "STATUS\n", std::move(seal));
        if (!begun) trouble_ = describe(begun.error());
        return begun.has_value();
    }
    StatusAnswer answer() const {
        return read_status(server_.name, json_, trouble_, server_.neighbours.size());
    }

private:
    bool take(std::string& text) {
        const std::size_t end = text.find('\n');
        if (end == std::string::npos) return false;
        json_ = text.substr(0, end);
        return true;
    }
    void on_over() {
        trouble_ = dialogue_.trouble();
        over_();
    }

    const config::Server& server_;
    Delegate<void()> over_;
    std::string json_;
    std::string trouble_;
    Dialogue dialogue_;
};

// All servers, asked at the same time.
class Round {
public:
    Round(const config::Config& config, tls::Dialler& dialler) {
        if (!loop_.open({.watches = 2 * config::servers_max, .timers = 2 * config::servers_max}))
            return;
        for (const config::Server& server : config.servers) {
            if (server.legacy) continue;
            questions_.push_back(std::make_unique<Question>(
                loop_, server, Delegate<void()>::to<&Round::on_over>(*this)));
            reactor::SealPtr seal = config.keys.empty() ? nullptr : dialler.dial(server.name);
            open_ += questions_.back()->start(std::move(seal));
        }
        if (open_ > 0) loop_.run();
    }
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;

    std::vector<StatusAnswer> answers() const {
        std::vector<StatusAnswer> all;
        for (const auto& question : questions_) all.push_back(question->answer());
        return all;
    }

private:
    void on_over() {
        assert(open_ > 0);
        if (--open_ == 0) loop_.stop();
    }

    reactor::Loop loop_;
    std::vector<std::unique_ptr<Question>> questions_;
    std::size_t open_ = 0;
};

Outcome<> open_dialler(tls::Dialler& dialler, const config::Config& config) {
    if (config.keys.empty()) return {};
    const auto files = credentials(config);
    if (!files) return std::unexpected(files.error());
    return dialler.open(*files, reactor::Seal::record_max);
}

}  // namespace

int show_status(const config::Config& config, const StatusOptions& options) {
    tls::Dialler dialler;
    if (const auto opened = open_dialler(dialler, config); !opened) {
        std::fprintf(stderr, "herd: %s\n", opened.error().c_str());
        return 2;
    }
    while (true) {
        const std::vector<StatusAnswer> answers = Round(config, dialler).answers();
        // Home, and clear what is below: a screen that stands still.
        if (options.watch && !options.json) std::fputs("\033[H\033[J", stdout);
        const std::string text = options.json ? status_json(answers) : status_tables(answers);
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        if (!options.watch) return all_answered(answers) ? 0 : 1;
        std::this_thread::sleep_for(options.interval);
    }
}

}  // namespace herd::program
