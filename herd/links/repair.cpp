#include "herd/links/repair.hpp"

#include "herd/table/location_table.hpp"

#include <algorithm>
#include <cassert>

namespace herd::links {

Repair::Repair(Core& core)
    : core_(core),
      timer_(core.loop, reactor::Delegate<void()>::to<&Repair::step>(*this)),
      budget_(core.limits.repairs_per_s) {}

// Once round from here: what was passed already is looked at again for the new bucket's sake.
void Repair::start(std::uint32_t bucket) {
    assert(bucket < table::Digest::bucket_count);
    wanted_.at(bucket) = true;
    left_ = core_.table.slots();
    if (!timer_.pending()) timer_.start(step_interval);
}

// What has expired makes tables differ until each has freed its slot, by its own clock.
bool Repair::wants(std::uint32_t slot) const {
    return core_.table.used(slot) && wanted_[core_.table.at(slot).bucket] &&
           !core_.expired(core_.table.at(slot).effective_ns);
}

void Repair::step() {
    assert(!timer_.pending());
    assert(left_ <= core_.table.slots());
    budget_.change(core_.limits.repairs_per_s);
    const std::uint32_t count = std::min(left_, slots_per_step);
    std::uint32_t passed = 0;
    for (; passed < count; ++passed) {
        const std::uint32_t slot = slot_ + 1 < core_.table.slots() ? slot_ + 1 : 0;
        if (wants(slot)) {
            if (!budget_.take(core_.loop.now())) break;
            core_.table.send_again(slot);
            ++core_.counters.records_repaired;
        }
        slot_ = slot;
    }
    if (passed < count) ++core_.counters.repairs_waited;
    left_ -= passed;
    core_.wire.post_flush();
    if (left_ > 0) return timer_.start(step_interval);
    wanted_ = {};
}

void Repair::check() const {
    assert(left_ <= core_.table.slots());
    assert(slot_ == 0 || slot_ < core_.table.slots());
}

}  // namespace herd::links
