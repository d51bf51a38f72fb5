#include "herd/links/barrier.hpp"

#include <algorithm>
#include <cassert>

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
    assert(owner != nullptr);
    assert(over);
    const std::uint64_t seq = core_.table.feed().seq();
    if (links_.have(seq)) return Begun::reached;
    reactor::Instant until = core_.loop.now() + std::chrono::milliseconds(core_.limits.sync_ms);
    // Those who began when it was longer are still to be answered before.
    if (!waits_.empty()) until = std::max(until, last_until_);
    last_until_ = until;
    Wait* const wait = slots_.emplace(owner, over, seq, until);
    if (wait == nullptr) {
        ++core_.counters.syncs_refused;
        return Begun::refused;
    }
    waits_.push_back(*wait);
    if (!deadline_.pending()) deadline_.start_at(until);
    links_.mark();
    assert(deadline_.pending());
    return Begun::waiting;
}

void Barrier::cancel(const void* owner) {
    assert(owner != nullptr);
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
    assert(&wait == waits_.front());
    const Over over = wait.over;
    wait.unlink();
    slots_.release(wait);
    over(reached);
}

void Barrier::on_deadline() {
    assert(!deadline_.pending());
    while (Wait* const first = waits_.front()) {
        if (first->until > core_.loop.now()) return deadline_.start_at(first->until);
        ++core_.counters.syncs_late;
        end(*first, false);
    }
}

void Barrier::check() const {
    const Wait* before = nullptr;
    std::uint32_t count = 0;
    for (const Wait* wait = waits_.front(); wait != nullptr; wait = waits_.next(*wait)) {
        assert(wait->seq <= core_.table.feed().seq());
        assert(before == nullptr || before->seq <= wait->seq);
        assert(before == nullptr || before->until <= wait->until);
        before = wait;
        ++count;
    }
    assert(count == slots_.size());
    assert(count == 0 || deadline_.pending());
    assert(count == 0 || deadline_.due() <= waits_.front()->until);
}

}  // namespace herd::links
