#include "herd/table/follower.hpp"

#include <cassert>

namespace herd::table {

bool Follower::can_be(const rules::Position& claimed) const {
    const std::uint64_t seq = table_.feed().seq();
    return claimed.seq <= seq && claimed.sweep_target <= seq &&
           claimed.sweep_slot <= table_.slots();
}

rules::Position Follower::resume(const rules::Position& claimed) {
    const std::uint64_t seq = table_.feed().seq();
    behind_since_.reset();
    sweeping_ = false;
    // No true claim of this run: whatever the receiver means, it gets everything.
    const rules::Position position =
        can_be(claimed) ? claimed : rules::Position{.epoch = claimed.epoch};
    if (position.sweep_target > position.seq) {
        start_sweep(position.seq, position.sweep_target, position.sweep_slot);
    } else if (position.seq == 0) {
        cursor_.seek_start();
    } else if (!cursor_.seek(position.seq, seek_max)) {
        start_sweep(position.seq, seq, 0);
    }
    assert(position.seq <= seq);
    assert(this->position().seq >= position.seq);
    return position;
}

const Record* Follower::take(reactor::Instant now) {
    if (sweeping_) return take_swept();
    const Record* record = cursor_.peek();
    if (record == nullptr) {
        // What it was behind by may have expired.
        behind_since_.reset();
        return nullptr;
    }
    if (!behind_since_) behind_since_ = now;
    if (now - *behind_since_ > catch_up_time_max) {
        start_sweep(cursor_.passed(), table_.feed().seq(), 0);
        return take_swept();
    }
    cursor_.advance();
    if (cursor_.peek() == nullptr) behind_since_.reset();
    return record;
}

const Record* Follower::take_swept() {
    assert(sweeping_);
    assert(!behind_since_);
    for (std::uint32_t i = 0; i < scan_max && slot_ < table_.slots(); ++i) {
        const Record& record = table_.at(slot_++);
        if (record.seq > base_) return &record;
    }
    if (slot_ >= table_.slots()) end_sweep();
    return nullptr;
}

void Follower::start_sweep(std::uint64_t base, std::uint64_t target, std::uint32_t slot) {
    assert(base <= target);
    assert(target <= table_.feed().seq());
    assert(slot <= table_.slots());
    sweeping_ = true;
    base_ = base;
    target_ = target;
    slot_ = slot;
    behind_since_.reset();
    target_far_ = !cursor_.seek(target, seek_max);
}

// Everything up to the target is handed out, and the cursor stands at the first change behind it.
// Where it does not, as after a resume far back, a second sweep makes that good.
void Follower::end_sweep() {
    assert(sweeping_);
    assert(slot_ >= table_.slots());
    sweeping_ = false;
    if (target_far_) start_sweep(target_, table_.feed().seq(), 0);
}

rules::Position Follower::position() const {
    if (sweeping_) return rules::swept(base_, target_, slot_);
    return {.seq = cursor_.passed()};
}

void Follower::check() const {
    assert(cursor_.passed() <= table_.feed().seq());
    if (!sweeping_) return;
    assert(!behind_since_);
    assert(base_ <= target_);
    assert(target_ <= table_.feed().seq());
    assert(slot_ <= table_.slots());
    assert(target_far_ || cursor_.passed() >= target_);
}

}  // namespace herd::table
