#include "herd/program/up.hpp"

#include "herd/config/text.hpp"
#include "herd/program/child.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/serve.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/signals.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::program {

namespace {

using reactor::Delegate;
using reactor::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration strangers_interval = seconds(1);
constexpr Duration stop_time_min = seconds(6);
constexpr Duration stop_reserve = seconds(2);  // beyond what a server may take to drain
constexpr Duration slow_start = seconds(10);

// Starting, running, stopping: first the servers, then the Places service that they ask.
class Up {
public:
    Up(const config::Config& config, const UpOptions& options)
        : config_(config),
          options_(options),
          signals_(loop_, Delegate<void(int)>::to<&Up::on_signal>(*this)),
          timer_(loop_, Delegate<void()>::to<&Up::on_timer>(*this)),
          strangers_(loop_, Delegate<void()>::to<&Up::on_strangers>(*this)) {}

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
    void on_strangers();
    void stop(int exit_code);
    void say_what_to_type() const;
    std::string missing() const;

    const config::Config& config_;
    const UpOptions& options_;
    reactor::Loop loop_;
    reactor::Signals signals_;
    reactor::Timer timer_;      // for a slow start to be told; for a slow end to be cut short
    reactor::Timer strangers_;  // as the first process of a container
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
    if (own_pid() == 1) strangers_.start(strangers_interval);
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
    std::vector<std::string> arguments = {server.takes_clients() ? "serve" : "bridge",
                                          server.name,
                                          "--parent",
                                          std::to_string(own_pid())};
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
    std::vector<const config::Server*> asked;
    for (const auto& each : servers_) {
        const config::Server* const server = config_.find(each->name());
        if (server->takes_clients()) asked.push_back(server);
    }
    if (asked.empty()) return print("\nAll servers are up.\nready\n");
    const config::Server& one = *asked.front();
    const config::Server& other = *asked.back();
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

void Up::on_strangers() {
    std::vector<int> own;
    for (const auto& server : servers_) own.push_back(server->pid());
    if (places_ != nullptr) own.push_back(places_->pid());
    reap_strangers(own);
    strangers_.start(strangers_interval);
}

}  // namespace

int up(const config::Config& config, const UpOptions& options) {
    return Up(config, options).run();
}

}  // namespace herd::program
