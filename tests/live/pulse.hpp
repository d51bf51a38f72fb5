#pragma once

#include "reactor/loop.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <chrono>

namespace herd::places_test {

// Notes the longest time the loop did not come round.
class Pulse {
public:
    explicit Pulse(reactor::Loop& loop)
        : timer_(loop, reactor::Delegate<void()>::to<&Pulse::on_beat>(*this)) {
        timer_.start(std::chrono::milliseconds(10));
    }
    std::chrono::nanoseconds longest{};
    int beats = 0;

private:
    void on_beat() {
        const auto now = std::chrono::steady_clock::now();
        longest = std::max<std::chrono::nanoseconds>(longest, now - last_);
        last_ = now;
        ++beats;
        timer_.start(std::chrono::milliseconds(10));
    }
    reactor::Timer timer_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace herd::places_test
