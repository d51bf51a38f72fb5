#pragma once

#include "tests/live/process.hpp"

#include <cstdint>
#include <vector>

namespace live {

// What a client that does nothing wrong gets for some time: a report each 5 ms on a connection that
// stands, and each 50 ms a newcomer, whose report comes in two pieces.
struct Politeness {
    std::vector<double> latencies_ms = {};  // of the reports on the connection that stands
    // Without an answer, or cut off, though it was not held up by the machine before it spoke.
    std::uint64_t failures = 0;
    std::uint64_t newcomers = 0;
    std::uint64_t newcomers_failed = 0;  // without an answer in two seconds, likewise

    // Of the latencies; infinite if there is none.
    double percentile_ms(double share) const;
};

// Blocks for that time. Asks for a better priority than those have who do the mischief, as on a
// machine of its own it would not share a processor with them.
Politeness be_polite(std::uint16_t port, Clock::duration time);

}  // namespace live
