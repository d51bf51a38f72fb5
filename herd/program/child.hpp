#pragma once

#include "herd/program/processes.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::program {

// The exit code of a program of ours that cannot start.
inline constexpr int cannot_start = 2;

// What `herd up` says on standard error, and on standard output.
void report(const std::string& what);
void print(std::string_view text);

// What a child tells the herd.
struct ChildEvents {
    reactor::Delegate<void()> ready;  // the first time only
    reactor::Delegate<void()> ended;
    reactor::Delegate<void()> hopeless;  // It could not start, and no later try would be better.
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
          timer_(loop, reactor::Delegate<void()>::to<&Child::on_timer>(*this)) {}

    void start();
    // For good: asks it to end, which is told; one that backs off is gone when this returns.
    void stop() { end(ask_to_stop); }
    // The same, at once.
    void kill() { end(kill_at_once); }
    void reopen_log() const {
        if (process_.pid >= 0) ask_to_reopen(process_.pid);
    }

    const std::string& name() const { return name_; }
    int pid() const { return process_.pid; }
    bool ready() const { return ready_; }
    bool gone() const { return stopping_ && process_.pid < 0; }

private:
    static constexpr reactor::Duration pause_min = std::chrono::seconds(1);
    static constexpr reactor::Duration pause_max = std::chrono::seconds(10);
    static_assert(pause_min < pause_max);

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
    reactor::Duration pause_ = pause_min;
    reactor::Instant started_at_{};
    bool spoken_ = false;  // A program that says something has started.
    bool ready_ = false;
    bool stopping_ = false;
};

}  // namespace herd::program
