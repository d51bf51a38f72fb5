#pragma once

#include "herd/core.hpp"
#include "reactor/timer.hpp"

#include <chrono>
#include <cstdint>

namespace herd::table {

// Makes room of what has expired: looks at every slot once in a round, in small steps. Nobody needs
// it to be soon, as an expired record is not answered with; but within a few rounds of digests,
// lest a neighbour who was sooner looks different. Does nothing without a ttl. Owned by the Server.
class Expiry {
public:
    static constexpr reactor::Duration round = std::chrono::seconds(20);
    static constexpr reactor::Duration step_min = std::chrono::milliseconds(10);
    static constexpr std::uint32_t slots_min = 256;  // per step

    explicit Expiry(Core& core)
        : core_(core), timer_(core.loop, reactor::Delegate<void()>::to<&Expiry::step>(*this)) {}

    void start() {
        if (core_.ttl_ns > 0) step();
    }

private:
    void step();

    Core& core_;
    reactor::Timer timer_;
    std::uint32_t slot_ = 0;  // The next to look at.
};

}  // namespace herd::table
