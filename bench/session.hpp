#pragma once

#include "reactor/loop.hpp"
#include "reactor/stream.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bench {

class Sealing;

// Of a server that is overloaded, not of one that is well.
inline constexpr reactor::Duration connect_timeout = std::chrono::seconds(10);
inline constexpr reactor::Duration answer_timeout = std::chrono::seconds(30);

// What an option says in seconds.
inline reactor::Duration seconds(double value) {
    return std::chrono::duration_cast<reactor::Duration>(std::chrono::duration<double>(value));
}

// Not of the loop's latest poll, which may be long ago.
reactor::Instant this_moment();

// What every scenario works with: one loop, its wire, and a wall clock that does not jump. On runs
// of many seconds it says on standard error how far they are.
// Lives longer than everything that was made with it.
class Session {
public:
    // Throws CannotMeasure when the system gives too little memory or too few descriptors for that
    // many connections. With `keys`, a folder of those, all of them are sealed.
    explicit Session(std::uint32_t connections, const std::string& keys = {});
    ~Session();

    reactor::Loop& loop() { return loop_; }
    reactor::Wire& wire() { return wire_; }
    // Null: connections are plain.
    Sealing* sealing() { return sealing_.get(); }

    // POSIX time in nanoseconds of a moment, as this machine's wall clock had it at the start: what
    // stands in a report, and what a latency is counted from.
    std::int64_t posix_ns(reactor::Instant moment) const {
        return moment.time_since_epoch().count() + offset_ns_;
    }

    // Runs the loop until `done()`; returns whether that was so within `timeout`.
    template <class Done>
    bool run_until(Done done, reactor::Duration timeout) {
        reactor::Timer alarm(loop_, reactor::Delegate<void()>::to<&Session::wake>(*this));
        const reactor::Instant end = this_moment() + timeout;
        alarm.start_at(end);
        while (!done()) {
            if (this_moment() >= end) return false;
            loop_.run_once();
        }
        return true;
    }
    void run_for(reactor::Duration time) {
        run_until([] { return false; }, time);
    }

private:
    void wake() {}
    void show_progress();

    reactor::Loop loop_;
    reactor::Wire wire_;
    std::unique_ptr<Sealing> sealing_;
    reactor::Timer progress_;
    reactor::Instant start_{};
    std::int64_t offset_ns_ = 0;
};

}  // namespace bench
