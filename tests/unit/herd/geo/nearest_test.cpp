#include "herd/geo/nearest.hpp"

#include "herd/geo/cell.hpp"
#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace nearest_test {

namespace {

using namespace herd::geo;
using protocol::Iso6709;

// Slots with a place each, where they are counted; equally far ones in their order.
class Places final : public Population {
public:
    explicit Places(std::uint32_t slots) : places_(slots), there_(slots, false) {
        REQUIRE(tree_.open(slots).has_value());
    }

    void put(std::uint32_t slot, Iso6709 at) {
        take(slot);
        places_[slot] = at;
        there_[slot] = true;
        tree_.insert(key_of(Cell::of(at), slot));
    }
    void take(std::uint32_t slot) {
        if (there_[slot]) tree_.erase(key_of(Cell::of(places_[slot]), slot));
        there_[slot] = false;
    }
    const KeyTree& tree() const { return tree_; }
    std::uint32_t slots() const { return static_cast<std::uint32_t>(places_.size()); }

    void fetch(std::span<const std::uint64_t>) const override {}
    void spots(std::span<const std::uint64_t> keys, std::span<protocol::Spot> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            out[i] = protocol::spot_of(places_[slot_of(keys[i])]);
        }
    }
    Iso6709 place(std::uint32_t slot) const override { return places_[slot]; }
    bool counts(std::uint32_t slot) const override { return there_[slot]; }
    bool precedes(std::uint32_t one, std::uint32_t other) const override { return one < other; }

private:
    KeyTree tree_;
    std::vector<Iso6709> places_;
    std::vector<bool> there_;
};

using Slots = std::vector<std::uint32_t>;

struct Search {
    Search(const Places& places, Iso6709 centre, double radius_m, std::size_t bound)
        : room(bound), nearest(places.tree(), places, centre, radius_m, room) {}

    // In turns of so many visits each; returns how many turns there were.
    int run(std::uint32_t visits = UINT32_MAX) {
        for (int turns = 1;; ++turns) {
            std::uint32_t left = visits;
            if (nearest.run(left)) return turns;
            CHECK(left == 0);
        }
    }
    Slots slots() const {
        Slots found;
        for (const Nearest::Found& each : nearest.found()) found.push_back(each.slot);
        return found;
    }

    std::vector<Nearest::Found> room;
    Nearest nearest;
};

Slots find(const Places& places, Iso6709 centre, double radius_m, std::size_t bound) {
    Search search(places, centre, radius_m, bound);
    search.run();
    return search.slots();
}

Slots plainly(const Places& places, Iso6709 centre, double radius_m, std::size_t bound) {
    std::vector<std::pair<long, std::uint32_t>> all;
    for (std::uint32_t slot = 0; slot < places.slots(); ++slot) {
        const double far_m = distance_m(centre, places.place(slot));
        if (places.counts(slot) && far_m <= radius_m)
            all.emplace_back(std::lround(far_m * 1000), slot);
    }
    std::ranges::sort(all);
    Slots found;
    for (std::size_t i = 0; i < std::min(bound, all.size()); ++i) found.push_back(all[i].second);
    return found;
}

// Many in the very same places, some alone.
void fill(Places& places, sim::Random& random, std::uint32_t count) {
    const auto within = [&](double most) {
        return most * (static_cast<double>(random.below(2'000'001)) / 1e6 - 1);
    };
    const Iso6709 middle{within(90), within(180)};
    const double spread = std::pow(10, -static_cast<double>(random.below(6)));
    for (std::uint32_t slot = 0; slot < count; ++slot) {
        Iso6709 at{std::clamp(middle.latitude + within(spread), -90.0, 90.0),
                   std::remainder(middle.longitude + within(spread), 360)};
        if (slot > 0 && random.chance(20))
            at = places.place(static_cast<std::uint32_t>(random.below(slot)));
        if (random.chance(3)) at = {random.chance(50) ? 90.0 : -90.0, within(180)};
        places.put(slot, at);
    }
}

}  // namespace

TEST_CASE("nearest: finds whom looking at everybody finds (W3)", "[herd][geo]") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        sim::Random random(seed);
        const auto count = static_cast<std::uint32_t>(random.between(1, 400));
        Places places(count);
        fill(places, random, count);
        for (int i = 0; i < 20; ++i) {
            const Iso6709 centre = places.place(static_cast<std::uint32_t>(random.below(count)));
            const double radius_m =
                random.chance(20) ? 0
                                  : std::pow(10, static_cast<double>(random.below(4700)) / 1000);
            const auto bound = static_cast<std::size_t>(random.between(0, std::int64_t{2} * count));
            REQUIRE(find(places, centre, radius_m, bound) ==
                    plainly(places, centre, radius_m, bound));
        }
    }
}

TEST_CASE("nearest: the border is in (W3)", "[herd][geo]") {
    Places places(3);
    const Iso6709 centre{48.1, 11.5};
    places.put(0, {48.1, 11.6});
    places.put(1, {48.2, 11.5});
    const double far_m = distance_m(centre, places.place(0));
    CHECK(find(places, centre, far_m, 9) == Slots{0});
    CHECK(find(places, centre, std::nextafter(far_m, 0), 9).empty());
}

TEST_CASE("nearest: a radius of 0 is that place alone, and a bound of 0 nobody (W3)",
          "[herd][geo]") {
    Places places(8);
    places.put(0, {1, 180});
    places.put(1, {1, -180});
    places.put(2, {1, 179.9999999});
    places.put(3, {90, 5});
    places.put(4, {90, -5});
    CHECK(find(places, {1, 180}, 0, 9) == Slots{0, 1});
    CHECK(find(places, {90, 123}, 0, 9) == Slots{3, 4});
    CHECK(find(places, {1, 180}, 50'000, 0).empty());
    CHECK(find(places, {1, 180}, 1, 9) == Slots{0, 1, 2});
}

TEST_CASE("nearest: those equally far to the millimetre come in their order", "[herd][geo]") {
    Places places(4);
    places.put(3, {10.1, 20});
    places.put(2, {9.9, 20});
    places.put(1, {9.9, 20});
    places.put(0, {10.2, 20});
    CHECK(find(places, {10, 20}, 50'000, 9) == Slots{1, 2, 3, 0});
    CHECK(find(places, {10, 20}, 50'000, 2) == Slots{1, 2});
}

TEST_CASE("nearest: a search in turns finds what one in a single turn does (W4)", "[herd][geo]") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        sim::Random random(seed);
        Places places(600);
        fill(places, random, 600);
        const Iso6709 centre = places.place(5);
        for (const std::uint32_t visits : {1U, 100U, 1000U}) {
            Search search(places, centre, 50'000, 50);
            search.run(visits);
            REQUIRE(search.slots() == plainly(places, centre, 50'000, 50));
        }
    }
}

TEST_CASE("nearest: a turn looks at no more than it may, however many are in one place (W4)",
          "[herd][geo]") {
    constexpr std::uint32_t slots = 50'000;
    constexpr std::uint32_t visits = 1000;
    Places places(slots);
    for (std::uint32_t slot = 0; slot < slots; ++slot) places.put(slot, {1, 1});
    Search search(places, {1, 1}, 10, 20);
    const int turns = search.run(visits);
    CHECK(turns > static_cast<int>(slots / (visits + 200)));
    CHECK(turns <= static_cast<int>(slots / visits + 2));
    CHECK(search.slots() == plainly(places, {1, 1}, 10, 20));
}

TEST_CASE("nearest: who stays is found while others move, come and go (W4)", "[herd][geo]") {
    constexpr std::uint32_t stay = 200;
    constexpr std::uint32_t move = 200;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        sim::Random random(seed);
        Places places(stay + move);
        fill(places, random, stay + move);
        const Iso6709 centre = places.place(0);
        const double radius_m = std::pow(10, static_cast<double>(random.below(4700)) / 1000);
        Search search(places, centre, radius_m, stay + move);
        while (true) {
            std::uint32_t visits = 20;
            if (search.nearest.run(visits)) break;
            for (int i = 0; i < 10; ++i) {
                const auto slot = static_cast<std::uint32_t>(stay + random.below(move));
                const Iso6709 near = places.place(static_cast<std::uint32_t>(random.below(stay)));
                random.chance(20) ? places.take(slot) : places.put(slot, near);
            }
        }
        const Slots found = search.slots();
        Slots once = found;
        std::ranges::sort(once);
        REQUIRE(std::ranges::adjacent_find(once) == once.end());
        const Slots now = plainly(places, centre, radius_m, stay + move);
        // Whoever is in it belongs there, in this order, and of the others only movers are missing.
        std::size_t next = 0;
        for (const std::uint32_t slot : now) {
            const bool is_found = next < found.size() && found[next] == slot;
            if (is_found) ++next;
            REQUIRE((is_found || slot >= stay));
        }
        REQUIRE(next == found.size());
    }
}

}  // namespace nearest_test
