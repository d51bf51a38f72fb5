#pragma once

#include <chrono>

namespace reactor {

// The clock that never jumps (CLOCK_MONOTONIC), as `sys` reads it; in a simulation, virtual time.
struct MonotonicClock {
    using rep = std::chrono::nanoseconds::rep;
    using period = std::chrono::nanoseconds::period;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};

using Duration = std::chrono::nanoseconds;
using Instant = MonotonicClock::time_point;

}  // namespace reactor
