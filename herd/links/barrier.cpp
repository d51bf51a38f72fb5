#include "herd/links/barrier.hpp"

namespace herd::links {

Barrier::Barrier(Core& core, BarrierLinks& links)
    : core_(core),
      links_(links),
      deadline_(core.loop, reactor::Delegate<void()>::to<&Barrier::on_deadline>(*this)) {}

std::uint64_t Barrier::memory_max(const config::Limits& limits) {
    return limits.syncs * std::uint64_t{reactor::Slab<Wait>::slot_size};
}

reactor::Result<void> Barrier::open() {
    return slots_.map(core_.limits.syncs);
}

Barrier::Begun Barrier::begin(const void* owner, Over over) {
    const std::uint64_t seq = core_.table.feed().seq();
    if (links_.have(seq)) return Begun::reached;
    const reactor::Instant until =
        core_.loop.now() + std::chrono::milliseconds(core_.limits.sync_ms);
    Wait* const wait = slots_.emplace(owner, over, seq, until);
    if (wait == nullptr) {
        ++core_.counters.syncs_refused;
        return Begun::refused;
    }
    waits_.push_back(*wait);
    if (!deadline_.pending()) deadline_.start_at(until);
    links_.mark();
    return Begun::waiting;
}

void Barrier::cancel(const void* owner) {
    slots_.for_each([&](Wait& wait) {
        if (wait.owner != owner) return;
        wait.unlink();
        slots_.release(wait);
    });
}

void Barrier::release() {
    while (Wait* const first = waits_.front()) {
        if (!links_.have(first->seq)) return;
        end(*first, true);
    }
}

// Whoever is told may begin another, and needs room for it.
void Barrier::end(Wait& wait, bool reached) {
    const Over over = wait.over;
    wait.unlink();
    slots_.release(wait);
    over(reached);
}

void Barrier::on_deadline() {
    while (Wait* const first = waits_.front()) {
        if (first->until > core_.loop.now()) return deadline_.start_at(first->until);
        ++core_.counters.syncs_late;
        end(*first, false);
    }
}

}  // namespace herd::links
