#include "herd/links/repair.hpp"

#include "herd/table/location_table.hpp"

#include <algorithm>
#include <cassert>

namespace herd::links {

Repair::Repair(Core& core)
    : core_(core), timer_(core.loop, reactor::Delegate<void()>::to<&Repair::step>(*this)) {}

// Once round from here: what was passed already is looked at again for the new bucket's sake.
void Repair::start(std::uint32_t bucket) {
    assert(bucket < table::Digest::bucket_count);
    wanted_.at(bucket) = true;
    left_ = core_.table.slots();
    if (!timer_.pending()) timer_.start(step_interval);
}

void Repair::step() {
    assert(!timer_.pending());
    assert(left_ <= core_.table.slots());
    const std::uint32_t count = std::min(left_, slots_per_step);
    for (std::uint32_t i = 0; i < count; ++i) {
        slot_ = slot_ + 1 < core_.table.slots() ? slot_ + 1 : 0;
        if (!core_.table.used(slot_) || !wanted_[core_.table.at(slot_).bucket]) continue;
        // It makes tables differ until each has freed its slot, by its own clock.
        if (core_.expired(core_.table.at(slot_).effective_ns)) continue;
        core_.table.send_again(slot_);
        ++core_.counters.records_repaired;
    }
    left_ -= count;
    core_.wire.post_flush();
    if (left_ > 0) return timer_.start(step_interval);
    wanted_ = {};
}

void Repair::check() const {
    assert(left_ <= core_.table.slots());
    assert(slot_ == 0 || slot_ < core_.table.slots());
}

}  // namespace herd::links
