#pragma once

#include "reactor/loop.hpp"
#include "tests/sim/fake_kernel.hpp"

#include <algorithm>
#include <cstdint>

namespace sim {

// Lets the one loop of a test live at `host` for `duration` of the kernel's time: it runs whenever
// it has something to do, and otherwise time moves to what happens next.
inline void run_host(FakeKernel& kernel,
                     Host host,
                     reactor::Loop& loop,
                     reactor::Duration duration) {
    const std::int64_t until = kernel.now_ns() + duration.count();
    while (kernel.now_ns() < until) {
        const std::int64_t wakes = loop.wakes_at().time_since_epoch().count();
        if (wakes <= kernel.now_ns() || kernel.ready(host)) {
            kernel.enter(host);
            loop.run_once();
            continue;
        }
        std::int64_t next = std::min(until, wakes);
        if (const auto arrival = kernel.next_arrival()) next = std::min(next, *arrival);
        kernel.advance_to(next);
    }
}

}  // namespace sim
