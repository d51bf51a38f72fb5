#include "herd/program/up.hpp"

#include "herd/config/text.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/serve.hpp"
#include "reactor/delegate.hpp"
#include "reactor/lines.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/signals.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::program {

namespace {

using reactor::Delegate;
using reactor::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration pause_min = seconds(1);
constexpr Duration pause_max = seconds(10);
constexpr Duration reap_interval = milliseconds(10);
constexpr Duration stop_time_min = seconds(6);
constexpr Duration stop_reserve = seconds(2);  // beyond what a server may take to drain
constexpr Duration slow_start = seconds(10);
static_assert(pause_min < pause_max);
constexpr int cannot_start = 2;  // exit code

void report(const std::string& what) {
    std::fprintf(stderr, "herd up: %s\n", what.c_str());
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

// What a child tells the herd.
struct ChildEvents {
    Delegate<void()> ready;  // the first time only
    Delegate<void()> ended;
    Delegate<void()> hopeless;  // It could not start, and no later try would be better.
};

// One program of the herd, kept running.
//
//   start() --> starting --says its ready line--> ready
//                  ^    |ended                      |ended
//                  +----+--- backing off (timer) <--+          after stop(): gone
class Child {
public:
    Child(reactor::Loop& loop,
          std::string name,
          std::vector<std::string> arguments,
          std::string ready_line,
          const ChildEvents& events)
        : loop_(loop),
          name_(std::move(name)),
          arguments_(std::move(arguments)),
          ready_line_(std::move(ready_line)),
          events_(events),
          timer_(loop, Delegate<void()>::to<&Child::on_timer>(*this)) {}

    void start();
    // For good: asks it to end, which is told; one that backs off is gone when this returns.
    void stop() { end(ask_to_stop); }
    // The same, at once.
    void kill() { end(kill_at_once); }
    void reopen_log() const {
        if (process_.pid >= 0) ask_to_reopen(process_.pid);
    }

    const std::string& name() const { return name_; }
    bool ready() const { return ready_; }
    bool gone() const { return stopping_ && process_.pid < 0; }

private:
    void end(void (*process)(int pid));
    void on_output(reactor::Ready ready);
    void on_line(std::string_view line);
    void on_timer();
    void try_reap();
    void on_ended(const Ending& ending);
    void back_off(const std::string& why);

    reactor::Loop& loop_;
    std::string name_;
    std::vector<std::string> arguments_;
    std::string ready_line_;  // how it begins
    ChildEvents events_;
    ChildProcess process_;
    reactor::Watch watch_;
    reactor::Timer timer_;  // for the end of a backoff, or for an ended process to be reaped
    std::string line_;      // begun
    Duration pause_ = pause_min;
    reactor::Instant started_at_{};
    bool spoken_ = false;  // A program that says something has started.
    bool ready_ = false;
    bool stopping_ = false;
};

void Child::start() {
    assert(process_.pid < 0);
    assert(!watch_.active());
    assert(!stopping_);
    started_at_ = loop_.now();
    auto process = start_herd(arguments_);
    if (!process)
        return back_off("could not be started: " + std::string(describe(process.error())));
    process_ = std::move(*process);
    auto watch = loop_.watch(process_.output.fd(),
                             reactor::Interest::read,
                             reactor::Handler::to<&Child::on_output>(*this));
    assert(watch);
    watch_ = std::move(*watch);
}

void Child::end(void (*process)(int pid)) {
    stopping_ = true;
    if (process_.pid >= 0) {
        process(process_.pid);
    } else {
        timer_.cancel();
    }
}

void Child::on_output(reactor::Ready) {
    assert(process_.pid > 0);
    assert(process_.output.open());
    std::array<char, 4096> buffer{};
    const auto got = read_output(process_.output, buffer);
    if (!got && got.error().value == EAGAIN) return;
    if (!got || *got == 0) {
        watch_.stop();
        process_.output.close();
        return try_reap();
    }
    line_.append(buffer.data(), *got);
    reactor::Lines lines(line_);
    while (const auto line = lines.take()) on_line(*line);
    line_.erase(0, lines.taken());
}

void Child::on_line(std::string_view line) {
    print(line);
    print("\n");
    std::fflush(stdout);
    spoken_ = true;
    if (ready_ || !line.starts_with(ready_line_)) return;
    ready_ = true;
    events_.ready();
}

void Child::on_timer() {
    assert(!timer_.pending());
    if (process_.pid >= 0) {
        try_reap();
    } else {
        start();
    }
}

// Its output ends a moment before the process does.
void Child::try_reap() {
    assert(process_.pid > 0);
    assert(!watch_.active());
    if (const auto ending = reap(process_.pid)) {
        on_ended(*ending);
    } else {
        timer_.start(reap_interval);
    }
}

void Child::on_ended(const Ending& ending) {
    assert(process_.pid > 0);
    process_.pid = -1;
    line_.clear();
    if (stopping_) return events_.ended();
    if (ending.code == cannot_start && !spoken_) {
        report(name_ + " could not start");
        stopping_ = true;
        return events_.hopeless();
    }
    back_off("ended with " + ending.text());
}

void Child::back_off(const std::string& why) {
    assert(process_.pid < 0);
    assert(pause_ >= pause_min);
    assert(pause_ <= pause_max);
    if (loop_.now() - started_at_ > pause_max) pause_ = pause_min;
    const auto pause_s = std::chrono::duration_cast<seconds>(pause_).count();
    report(name_ + " " + why + ", starts again in " + std::to_string(pause_s) + " s");
    timer_.start(pause_);
    pause_ = std::min(2 * pause_, pause_max);
}

// Starting, running, stopping: first the servers, then the Places service that they ask.
class Up {
public:
    Up(const config::Config& config, const UpOptions& options)
        : config_(config),
          options_(options),
          signals_(loop_, Delegate<void(int)>::to<&Up::on_signal>(*this)),
          timer_(loop_, Delegate<void()>::to<&Up::on_timer>(*this)) {}

    int run();

private:
    reactor::Result<void> open();
    void add_places();
    void add_server(const config::Server& server);
    void on_ready();
    void on_ended();
    void on_hopeless() { stop(cannot_start); }
    void on_signal(int signal);
    void on_timer();
    void stop(int exit_code);
    void say_what_to_type() const;
    std::string missing() const;

    const config::Config& config_;
    const UpOptions& options_;
    reactor::Loop loop_;
    reactor::Signals signals_;
    reactor::Timer timer_;  // for a slow start to be told; for a slow end to be cut short
    std::vector<std::unique_ptr<Child>> servers_;
    std::unique_ptr<Child> places_;  // null: not ours
    bool stopping_ = false;
    int exit_code_ = 0;
};

reactor::Result<void> Up::open() {
    if (auto opened = loop_.open({}); !opened) return opened;
    return signals_.open();
}

int Up::run() {
    if (const auto opened = open(); !opened) {
        report(std::string(describe(opened.error())));
        return cannot_start;
    }
    add_places();
    for (const config::Server& server : config_.servers) {
        if (server.legacy) {
            print(server.name + " is marked legacy: start it yourself\n");
        } else {
            add_server(server);
        }
    }
    if (places_ != nullptr) places_->start();
    for (const auto& server : servers_) server->start();
    timer_.start(slow_start);
    loop_.run();
    return exit_code_;
}

void Up::add_places() {
    if (config_.places.provider != config::Provider::offline) return;
    const auto address = config::parse_http_address(config_.places.url);
    if (!address || !address->is_loopback()) return;
    const std::string parent = std::to_string(own_pid());
    places_ = std::make_unique<Child>(
        loop_,
        "places",
        std::vector<std::string>{
            "places", "--listen", config::text_of(*address), "--parent", parent},
        "places listening on ",
        ChildEvents{Delegate<void()>::to<&Up::on_ready>(*this),
                    Delegate<void()>::to<&Up::on_ended>(*this),
                    Delegate<void()>::to<&Up::on_hopeless>(*this)});
}

void Up::add_server(const config::Server& server) {
    assert(!server.legacy);
    assert(!stopping_);
    std::vector<std::string> arguments = {
        "serve", server.name, "--parent", std::to_string(own_pid())};
    if (!options_.config_file.empty()) {
        arguments.insert(arguments.end(), {"--config", options_.config_file});
    }
    if (!options_.log_folder.empty()) {
        arguments.insert(arguments.end(), {"--log-dir", options_.log_folder});
    }
    servers_.push_back(
        std::make_unique<Child>(loop_,
                                server.name,
                                std::move(arguments),
                                server.name + linked_line,
                                ChildEvents{Delegate<void()>::to<&Up::on_ready>(*this),
                                            Delegate<void()>::to<&Up::on_ended>(*this),
                                            Delegate<void()>::to<&Up::on_hopeless>(*this)}));
}

std::string Up::missing() const {
    std::string names;
    const auto add = [&names](const Child& child) {
        if (!child.ready()) names += " " + child.name();
    };
    if (places_ != nullptr) add(*places_);
    for (const auto& server : servers_) add(*server);
    return names;
}

void Up::on_ready() {
    if (stopping_ || !missing().empty()) return;
    timer_.cancel();
    say_what_to_type();
}

void Up::say_what_to_type() const {
    assert(!servers_.empty());
    const config::Server& one = *config_.find(servers_.front()->name());
    const config::Server& other = *config_.find(servers_.back()->name());
    const auto command = [this](const config::Server& server, const std::string& line) {
        const std::string config =
            options_.config_file.empty() ? "" : " --config " + options_.config_file;
        return "\n\n    " + options_.program + " send" + config + " " + server.name + " '" + line +
               "'\n";
    };
    std::string text = "\nAll servers are up, and all links between them. To talk to " + one.name +
                       ":" +
                       command(one,
                               "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 "
                               "1520023934.918963997");
    text += "\nand to ask " + other.name +
            " what is near there:" + command(other, "WHATSAT kiwi.cs.ucla.edu 10 5") +
            "\nCtrl-C stops them all.\nready\n";
    print(text);
    std::fflush(stdout);
}

void Up::on_signal(int signal) {
    if (signal == reactor::Signals::hang_up) {
        for (const auto& server : servers_) server->reopen_log();
        return;
    }
    if (!stopping_) return stop(0);
    exit_code_ = 1;
    for (const auto& server : servers_) server->kill();
    if (places_ != nullptr) places_->kill();
}

void Up::stop(int exit_code) {
    if (std::exchange(stopping_, true)) return;
    exit_code_ = exit_code;
    for (const auto& server : servers_) server->stop();
    const Duration drain = milliseconds(config_.limits.shutdown_ms) + stop_reserve;
    timer_.start(std::max(stop_time_min, drain));
    on_ended();
}

void Up::on_ended() {
    const auto is_gone = [](const auto& child) { return child->gone(); };
    assert(stopping_);
    if (!std::ranges::all_of(servers_, is_gone)) return;
    if (places_ != nullptr && !places_->gone()) places_->stop();
    if (places_ == nullptr || places_->gone()) loop_.stop();
}

void Up::on_timer() {
    if (!stopping_) return report("still waiting for" + missing());
    for (const auto& server : servers_) server->kill();
    if (places_ != nullptr) places_->kill();
}

}  // namespace

int up(const config::Config& config, const UpOptions& options) {
    return Up(config, options).run();
}

}  // namespace herd::program
