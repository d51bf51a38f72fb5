#pragma once

#include "herd/table/location_table.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <cassert>
#include <chrono>
#include <cstdint>

namespace herd::table {

// Frees the slots of what has expired: looks at every slot once in a round, in small steps. That
// need not be soon, as no answer has an expired record; but it must be within a few rounds of
// digests, lest a neighbour that was sooner looks different. Does nothing without a ttl. What it is
// given is borrowed.
class Expiry {
public:
    static constexpr reactor::Duration round = std::chrono::seconds(20);
    static constexpr reactor::Duration step_min = std::chrono::milliseconds(10);
    static constexpr std::uint32_t slots_min = 256;  // per step
    static_assert(step_min < round);

    // `expired` counts the records that were forgotten; a `ttl_ns` of 0 is none.
    Expiry(reactor::Loop& loop, LocationTable& table, std::int64_t ttl_ns, std::uint64_t& expired)
        : table_(table),
          ttl_ns_(ttl_ns),
          expired_(expired),
          timer_(loop, reactor::Delegate<void()>::to<&Expiry::step>(*this)) {
        assert(ttl_ns >= 0);
    }

    void start() {
        if (ttl_ns_ > 0) step();
    }

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    void step();

    LocationTable& table_;
    std::int64_t ttl_ns_;
    std::uint64_t& expired_;
    reactor::Timer timer_;
    std::uint32_t slot_ = 0;  // The next to look at.
};

}  // namespace herd::table
