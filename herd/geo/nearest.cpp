#include "herd/geo/nearest.hpp"

#include "herd/geo/cell.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace herd::geo {

namespace {

// As many as are to be expected in a circle, so that as many as are wanted are there.
constexpr double expected_share = 1.5;

// A bound that rounding does not make too narrow.
double bound_of(double distance_m) {
    return haversine_of(distance_m) * (1 + 1e-9) + 1e-30;
}

std::uint32_t millimetres(double distance_m) {
    return static_cast<std::uint32_t>(std::llround(distance_m * 1000));
}

}  // namespace

Nearest::Nearest(const KeyTree& tree,
                 const Population& population,
                 protocol::Iso6709 centre,
                 double radius_m,
                 std::span<Found> room)
    : tree_(tree),
      population_(population),
      centre_(centre),
      spot_(protocol::spot_of(centre)),
      radius_m_(radius_m),
      room_(room) {
    assert(radius_m >= 0);
    assert(radius_m <= radius_m_max);
    if (!room.empty()) begin_pass(first_radius());
}

// A circle too small costs another pass, one that is too large visits to all who are in it.
double Nearest::first_radius() const {
    constexpr std::uint32_t sample = 8;
    constexpr double least_m = 100;
    const std::uint64_t spacing = tree_.spacing(key_of(Cell::of(centre_.at()), 0), sample);
    const double cells = static_cast<double>((spacing >> slot_bits) + 1) / sample * wanted();
    const double side = Cell::side * radians * earth_radius_m;
    const double area = cells * side * side * std::max(centre_.across(), 0.01);
    return std::clamp(std::sqrt(area / std::numbers::pi), std::min(least_m, radius_m_), radius_m_);
}

double Nearest::wanted() const {
    return expected_share * static_cast<double>(room_.size());
}

void Nearest::begin_pass(double radius_m) {
    assert(radius_m <= radius_m_);
    pass_radius_m_ = radius_m;
    limit_ = bound_of(radius_m);
    count_ = 0;
    cover_.take(centre_, radius_m);
    set_scales();
    run_ = 0;
    from_ = cover_.runs().front().from;
    find_runs();
}

// By the chord in place of the arc, and by the shortest degree from west to east that is in reach.
void Nearest::set_scales() {
    constexpr double chord = 1 - small_angle * small_angle / 6;
    constexpr double unit = radians / protocol::Spot::per_degree / 2 * chord;
    const double reach =
        std::abs(centre_.at().latitude) * radians + pass_radius_m_ / earth_radius_m;
    const bool small = cover_.half_width() * (radians / 2) <= small_angle;
    northwards_ = unit * unit;
    eastwards_ = small ? northwards_ * centre_.across() * std::cos(reach) : 0;
}

// The tree may have changed since the turn before.
void Nearest::find_runs() {
    const std::span<const Cover::Run> runs = cover_.runs();
    KeyTree::Where page = 0;
    std::uint64_t end = 0;
    for (std::size_t i = run_; i < runs.size(); ++i) {
        const std::uint64_t from = i == run_ ? from_ : runs[i].from;
        // Where people are dense many runs are on one page.
        if (from >= end) page = tree_.find(from, end);
        pages_[i] = page;
    }
}

bool Nearest::run(std::uint32_t& visits) {
    std::array<std::uint64_t, batch_size> batch;
    std::array<protocol::Spot, batch_size> spots;
    if (interrupted_) find_runs();
    while (!room_.empty()) {
        const std::size_t first_run = run_;
        const std::span<std::uint64_t> keys(batch.data(), gather(batch));
        population_.spots(keys, spots);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (may_be_in(spots[i])) consider(slot_of(keys[i]));
        }
        const auto cost =
            static_cast<std::uint32_t>(keys.size() + 1 + square_visits * (run_ - first_run));
        visits -= std::min(visits, cost);
        if (run_ == cover_.runs().size() && end_pass()) break;
        if (visits > 0) continue;
        interrupted_ = true;
        return false;
    }
    finish();
    return true;
}

// The next keys, of as many runs as it takes: what they need of memory comes all at once.
std::size_t Nearest::gather(std::span<std::uint64_t> keys) {
    const std::span<const Cover::Run> runs = cover_.runs();
    std::size_t size = 0;
    while (run_ < runs.size() && size < keys.size()) {
        const std::span<std::uint64_t> rest = keys.subspan(size);
        const std::size_t more = tree_.copy(pages_[run_], from_, runs[run_].end, rest);
        population_.fetch(rest.first(more));
        size += more;
        if (more == rest.size()) {
            from_ = rest.back() + 1;
            pages_[run_] = tree_.find(from_);
        } else if (++run_ < runs.size()) {
            from_ = runs[run_].from;
        }
    }
    return size;
}

// False: surely not, and that for a tenth of what it takes to be sure of the others.
bool Nearest::may_be_in(protocol::Spot spot) const {
    constexpr std::int64_t all = protocol::Spot::longitude_end;
    constexpr std::int64_t cut = 2;  // off both spots, at most
    const std::int64_t north = std::abs(std::int64_t{spot.latitude} - spot_.latitude);
    const std::int64_t round = std::abs(std::int64_t{spot.longitude} - spot_.longitude);
    const std::int64_t east = std::min(round, all - round);
    const auto up = static_cast<double>(std::max<std::int64_t>(north - cut, 0));
    const auto aside = static_cast<double>(std::max<std::int64_t>(east - cut, 0));
    return up * up * northwards_ + aside * aside * eastwards_ <= limit_;
}

void Nearest::consider(std::uint32_t slot) {
    const double haversine = centre_.haversine(population_.place(slot));
    if (haversine > limit_) return;
    const double distance_m = distance_of(haversine);
    if (distance_m > pass_radius_m_) return;
    const Found found{millimetres(distance_m), slot};
    if (full() && !before(found, room_.front())) return;
    if (!population_.counts(slot)) return;
    // It may have moved from where it had been seen to where it had not.
    if (interrupted_ && has(slot)) return;
    if (full()) {
        std::ranges::pop_heap(room_, order());
        --count_;
    }
    put(found);
}

void Nearest::put(Found found) {
    room_[count_++] = found;
    std::ranges::push_heap(room_.first(count_), order());
    if (full()) limit_ = std::min(limit_, bound_of((room_.front().distance_mm + 0.5) / 1000));
}

// Whether it was the last pass; if not, another one has begun.
bool Nearest::end_pass() {
    if (full() || pass_radius_m_ >= radius_m_) return true;
    constexpr double growth_max = 4;
    const double growth_min = count_ > found_before_ ? 1.25 : growth_max;
    const double growth = std::sqrt(wanted() / static_cast<double>(count_ + 1));
    found_before_ = count_;
    begin_pass(std::min(pass_radius_m_ * std::clamp(growth, growth_min, growth_max), radius_m_));
    return false;
}

void Nearest::finish() {
    const std::span<Found> all = room_.first(count_);
    if (!interrupted_) {
        std::ranges::sort_heap(all, order());
        return;
    }
    // Where they are by now.
    count_ = 0;
    for (const Found& found : all) {
        if (!population_.counts(found.slot)) continue;
        const double distance_m = centre_.distance_m(population_.place(found.slot));
        if (distance_m > radius_m_) continue;
        room_[count_++] = {millimetres(distance_m), found.slot};
    }
    std::ranges::sort(room_.first(count_), order());
}

bool Nearest::has(std::uint32_t slot) const {
    const std::span<const Found> all = found();
    return std::ranges::find(all, slot, &Found::slot) != all.end();
}

bool Nearest::before(const Found& one, const Found& other) const {
    if (one.distance_mm != other.distance_mm) return one.distance_mm < other.distance_mm;
    return population_.precedes(one.slot, other.slot);
}

}  // namespace herd::geo
