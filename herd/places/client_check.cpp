// What must hold of a client of the Places service between calls: see the life of a lookup above
// client.cpp.
#include "herd/places/client.hpp"

#include <cassert>
#include <cstdint>

namespace herd::places {

using State = Lookup::State;

void Client::check() const {
    std::uint64_t waiting = std::uint64_t{busy_.waiting} + unaffordable_.waiting + nowhere_.waiting;
    std::uint32_t slots_taken = 0;
    lookups_.for_each([&](const Lookup& lookup) {
        check_lookup(lookup);
        waiting += lookup.waiting;
        slots_taken += lookup.slot != Lookup::no_slot ? 1U : 0U;
    });
    assert(waiting == waiters_.size());
    assert(slots_taken == slots_taken_);
    assert(slots_taken_ <= slots_);
    assert(retry_credit_ <= lookups_per_retry * retries_on_credit);
    assert(busy_.standing);
    assert(unaffordable_.standing);
    assert(nowhere_.standing);
    waiters_.check();
    lookups_.check();
    check_lists();
}

void Client::check_lookup(const Lookup& lookup) const {
    assert(lookup.waiting > 0);
    assert(!lookup.standing);
    const bool has_slot = lookup.slot != Lookup::no_slot;
    assert(!has_slot || by_slot_[lookup.slot] == &lookup);
    assert(lookup.attempts <= attempts_max);
    switch (lookup.state) {
        case State::queued:
            assert(!has_slot);
            assert(lookup.attempts == 0);
            break;
        case State::fetching:
            assert(has_slot);
            assert(lookup.attempts > 0);
            break;
        case State::backing_off:
            assert(has_slot);
            assert(backoff_.pending());
            break;
        case State::settled:
            assert(lookup.waiters.empty());
            assert(has_slot != lookup.failed);
            break;
    }
}

void Client::check_lists() const {
    std::uint32_t unsettled = 0;
    std::uint32_t queued = 0;
    const Lookup* before = nullptr;
    for (const Lookup* at = by_deadline_.front(); at != nullptr; at = by_deadline_.next(*at)) {
        assert(at->state != State::settled);
        assert(before == nullptr || before->deadline <= at->deadline);
        before = at;
        ++unsettled;
        queued += at->state == State::queued ? 1U : 0U;
    }
    assert(unsettled <= lookups_.size());
    assert(unsettled == 0 || deadline_.pending());
    assert(queued == queued_);
    for (const Lookup* at = queue_.front(); at != nullptr; at = queue_.next(*at)) {
        assert(at->state == State::queued);
        --queued;
    }
    assert(queued == 0);
}

}  // namespace herd::places
