#include "herd/journal/regions.hpp"

#include "herd/table/rules.hpp"

#include <algorithm>
#include <cstring>

namespace herd::journal {

void Regions::turn(std::uint64_t size) {
    if (!on()) return;
    assert(size >= size_);
    size_ = size;
    if (filling_ == none) return begin_region(find_free());
    if (size_ - at(filling_).begin < region_size()) return;
    measure();
    if (const std::uint8_t next = find_free(); next != none) {
        at(filling_).state = State::kept;
        at(filling_).end = size_;
        begin_region(next);
    }
    if (!emptying()) choose();
}

std::uint64_t Regions::region_size() const {
    return std::max({table_ / per_table, slack_ / per_table, std::uint64_t{1}});
}

std::uint8_t Regions::find_free() const {
    for (std::uint8_t number = 1; number <= regions_max; ++number) {
        if (at(number).state == State::free) return number;
    }
    return none;
}

void Regions::begin_region(std::uint8_t number) {
    assert(number != none);
    assert(at(number).newest == 0);
    at(number) = {.state = State::filling, .begin = size_};
    filling_ = number;
}

void Regions::add(std::uint32_t slot, std::size_t bytes) {
    if (!on()) return;
    assert(filling_ != none);
    size_ += bytes;
    forget(slot);
    where_[slot] = filling_;
    ++at(filling_).added;
    ++at(filling_).newest;
}

void Regions::forget(std::uint32_t slot) {
    const std::uint8_t before = where_[slot];
    if (before == none) return;
    assert(at(before).newest > 0);
    --at(before).newest;
    where_[slot] = none;
}

// Lines of one region are taken to be of one size.
void Regions::measure() {
    table_ = 0;
    for (const Region& region : regions_) {
        if (region.newest == 0) continue;
        const std::uint64_t end = region.state == State::filling ? size_ : region.end;
        table_ += (end - region.begin) * region.newest / region.added;
    }
}

// By what there will be when all that is under way is given back.
bool Regions::too_large() const {
    assert(kept() >= base_ + moving_);
    return kept() - base_ - moving_ > table_ + table_ / 4 * 3 + slack_ / 2;
}

void Regions::choose() {
    while (holes_ && too_large()) {
        emptied_ = emptiest();
        if (emptied_ == none) return;
        at(emptied_).state = State::emptied;
        next_slot_ = 0;
        if (at(emptied_).newest > 0) return;
        end_emptying();
    }
}

// None of which most would have to be written again.
std::uint8_t Regions::emptiest() const {
    std::uint8_t best = none;
    const auto emptier = [](const Region& one, const Region& other) {
        return std::uint64_t{one.newest} * other.added < std::uint64_t{other.newest} * one.added;
    };
    for (std::uint8_t number = 1; number <= regions_max; ++number) {
        const Region& region = at(number);
        if (region.state != State::kept || region.newest > region.added / 8 * 7) continue;
        if (best == none || emptier(region, at(best))) best = number;
    }
    return best;
}

std::optional<std::uint32_t> Regions::next(std::uint32_t slots) {
    assert(emptying());
    assert(slots <= where_.size());
    const std::uint32_t end = std::min(slots, next_slot_ + stretch);
    const auto* const first = where_.data() + next_slot_;
    const auto* const found = static_cast<const std::uint8_t*>(
        end > next_slot_ ? std::memchr(first, emptied_, end - next_slot_) : nullptr);
    if (found == nullptr) {
        next_slot_ = end;
        if (end >= slots || at(emptied_).newest == 0) {
            end_emptying();
            choose();
        }
        return {};
    }
    next_slot_ = static_cast<std::uint32_t>(found - where_.data()) + 1;
    return next_slot_ - 1;
}

// What replaced its lines must be on the disk, too, before they go.
void Regions::end_emptying() {
    Region& region = at(emptied_);
    assert(region.newest == 0);
    region.state = State::moved;
    region.synced = wanted_ = size_;
    moving_ += region.end - region.begin;
    ++moved_;
    emptied_ = none;
}

std::optional<Regions::Hole> Regions::next_hole(std::uint64_t synced) {
    if (moved_ == 0) return {};
    for (Region& region : regions_) {
        const bool moved = region.state == State::moved;
        if (!moved || !table::rules::may_go(region.synced, synced)) continue;
        region.state = State::given;
        --moved_;
        return Hole{.begin = region.begin, .end = region.end};
    }
    return {};
}

void Regions::on_hole(const Hole& hole, bool done) {
    auto* const region = std::ranges::find_if(regions_, [&](const Region& each) {
        return each.state == State::given && each.begin == hole.begin;
    });
    assert(region != regions_.end());
    assert(region->end == hole.end);
    moving_ -= hole.end - hole.begin;
    *region = {};
    if (done) {
        given_ += hole.end - hole.begin;
    } else {
        holes_ = false;
    }
}

bool Regions::outgrown() const {
    constexpr std::uint64_t holes_max = 64;  // as much as may be kept, in holes
    if (!on() || table_ == 0) return false;
    if (!holes_) return kept() - base_ > 2 * table_ + slack_;
    return size_ > holes_max * (2 * table_ + slack_);
}

void Regions::check() const {
    assert(given_ + base_ <= size_);
    std::array<std::uint32_t, regions_max> newest{};
    for (const std::uint8_t number : where_) {
        if (number != none) ++newest[number - 1U];
    }
    std::uint32_t moved = 0;
    std::uint64_t moving = 0;
    for (std::size_t i = 0; i < regions_max; ++i) {
        const Region& region = regions_[i];
        const auto number = static_cast<std::uint8_t>(i + 1);
        assert(region.newest == newest[i]);
        assert(region.newest <= region.added);
        assert((region.state == State::filling) == (number == filling_));
        assert((region.state == State::emptied) == (number == emptied_));
        const bool leaves = region.state == State::moved || region.state == State::given;
        assert(!leaves || region.newest == 0);
        moved += region.state == State::moved ? 1U : 0U;
        moving += leaves ? region.end - region.begin : 0;
    }
    assert(moved == moved_);
    assert(moving == moving_);
}

}  // namespace herd::journal
