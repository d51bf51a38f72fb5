#pragma once

#include "herd/bridge/slot_set.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <cassert>
#include <cstdint>
#include <utility>

namespace herd::bridge {

// Slots for which somebody else is given some time to do what we would: each waits for `time` at
// least, and less than twice that, and is then told of, unless it has been removed meanwhile.
// Two sets that change places, so that a slot costs two bits, however many wait.
// Pinned. Owned by a BucketLink.
class Patience {
public:
    using Over = reactor::Delegate<void(std::uint32_t slot)>;

    // A time of 0: nobody waits.
    Patience(reactor::Loop& loop, reactor::Duration time, Over over)
        : time_(time),
          over_(over),
          timer_(loop, reactor::Delegate<void()>::to<&Patience::on_timer>(*this)) {}

    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map(std::uint32_t slots) {
        if (auto mapped = young_.map(slots); !mapped) return mapped;
        return old_.map(slots);
    }
    static constexpr std::uint64_t memory(std::uint32_t slots) {
        return 2 * SlotSet::memory(slots);
    }

    bool empty() const { return young_.empty() && old_.empty(); }
    // Waits from now on, or still.
    void add(std::uint32_t slot) {
        assert(time_ > reactor::Duration::zero());
        if (!old_.has(slot)) young_.add(slot);
        if (!timer_.pending()) timer_.start(time_);
    }
    void remove(std::uint32_t slot) {
        young_.remove(slot);
        old_.remove(slot);
    }

    // Visits all, who wait no more.
    template <class Visit>
    void drop(Visit visit) {
        for (SlotSet* const each : {&young_, &old_}) {
            while (const auto slot = each->take()) visit(*slot);
        }
    }

    void check() const {
        young_.check();
        old_.check();
        assert(empty() || timer_.pending());
    }

private:
    void on_timer() {
        while (const auto slot = old_.take()) over_(*slot);
        std::swap(young_, old_);
        if (!empty()) timer_.start(time_);
    }

    reactor::Duration time_;
    Over over_;
    reactor::Timer timer_;
    SlotSet young_;
    SlotSet old_;
};

}  // namespace herd::bridge
