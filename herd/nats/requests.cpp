#include "herd/nats/requests.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::nats {

std::uint64_t Requests::begin(ReplyTo to, reactor::Instant deadline) {
    assert(!full());
    assert(to);
    auto* const free = std::ranges::find(slots_, std::uint64_t{0}, &Slot::number);
    const auto place = static_cast<std::uint64_t>(free - slots_.begin());
    *free = {++round_ * in_flight_max + place, deadline, to};
    ++in_flight_;
    return free->number;
}

ReplyTo Requests::release(Slot& slot) {
    assert(slot.number != 0);
    assert(in_flight_ > 0);
    --in_flight_;
    return std::exchange(slot, {}).to;
}

void Requests::cancel(std::uint64_t number) {
    Slot& slot = slots_[number % in_flight_max];
    if (number != 0 && slot.number == number) release(slot);
}

bool Requests::answer(std::uint64_t number, const Reply& reply) {
    Slot& slot = slots_[number % in_flight_max];
    if (number == 0 || slot.number != number) return false;
    release(slot)(reply);
    return true;
}

std::size_t Requests::expire(reactor::Instant now) {
    std::size_t count = 0;
    for (Slot& slot : slots_) {
        if (slot.number == 0 || slot.deadline > now) continue;
        ++count;
        release(slot)({.kind = Reply::Kind::late});
    }
    return count;
}

// Of none that is begun meanwhile.
std::size_t Requests::lose() {
    const std::uint64_t first_new = (round_ + 1) * in_flight_max;
    std::size_t count = 0;
    for (Slot& slot : slots_) {
        if (slot.number == 0 || slot.number >= first_new) continue;
        ++count;
        release(slot)({.kind = Reply::Kind::lost});
    }
    return count;
}

void Requests::check() const {
    const auto used = std::ranges::count_if(slots_, [](const Slot& slot) {
        assert(slot.number == 0 || slot.to);
        return slot.number != 0;
    });
    assert(static_cast<std::size_t>(used) == in_flight_);
}

}  // namespace herd::nats
