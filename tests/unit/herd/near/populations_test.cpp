// Searches of a whole table against looking at everybody, by the text of each report.
#include "herd/geo/nearest.hpp"
#include "herd/near/crowd.hpp"
#include "tests/sim/plain_distance.hpp"
#include "tests/unit/herd/table/table_model.hpp"

#include <cmath>

namespace populations_test {

namespace {

using namespace herd;
using namespace herd::table_model;
using protocol::Iso6709;

class Population {
public:
    explicit Population(std::uint64_t seed)
        : random_(seed), count_(static_cast<std::uint32_t>(random_.between(1, 250))) {
        open(table_, count_, count_);
        shape_ = static_cast<Shape>(random_.below(5));
        spread_ = std::pow(10.0L, -static_cast<long double>(random_.below(6)));
        middle_ = {.latitude = within(80), .longitude = within(180)};
        if (shape_ == Shape::north) middle_.latitude = 90;
        if (shape_ == Shape::south) middle_.latitude = -90;
        if (shape_ == Shape::antimeridian) middle_.longitude = 180;
        for (std::uint32_t i = 0; i < count_; ++i) move(i);
    }

    void check() {
        for (int i = 0; i < 10; ++i) {
            for (std::uint64_t moves = random_.below(20); moves > 0; --moves) {
                move(static_cast<std::uint32_t>(random_.below(count_)));
            }
            search();
        }
        table_.check(true);
    }

private:
    enum class Shape : std::uint8_t { clusters, everywhere, north, south, antimeridian };

    double within(double most) {
        return most * (static_cast<double>(random_.below(2'000'000'001)) / 1e9 - 1);
    }
    std::string coordinate(double degrees, double most) {
        char text[80];
        const auto decimals = random_.chance(20) ? random_.below(15) : random_.below(8);
        degrees = std::clamp(degrees, -most, most);
        std::snprintf(text, sizeof text, "%+.*f", static_cast<int>(decimals), degrees);
        return text;
    }
    std::string draw_location() {
        // The very same place, however it is written.
        if (!locations_.empty() && random_.chance(20)) {
            return locations_[random_.below(locations_.size())];
        }
        const bool anywhere = shape_ == Shape::everywhere || random_.chance(5);
        const auto spread = anywhere ? 180.0 : static_cast<double>(spread_);
        const double latitude = (anywhere ? 0 : middle_.latitude) + within(spread);
        const double longitude =
            std::abs(middle_.latitude) == 90 ? within(180) : middle_.longitude + within(spread);
        return coordinate(latitude, 90) + coordinate(std::remainder(longitude, 360), 180);
    }
    void move(std::uint32_t client) {
        locations_.push_back(draw_location());
        REQUIRE(protocol::is_iso6709(locations_.back()));
        const Line line{.client = "c" + std::to_string(client),
                        .time = std::to_string(++stamp_),
                        .location = locations_.back()};
        REQUIRE(relay(table_, line) == table::Stored::stored);
        if (random_.chance(5)) {
            table_.remove(static_cast<std::uint32_t>(table_.find(line.client) - &table_.at(0)));
        }
    }

    void search() {
        const Iso6709 centre = *protocol::parse_iso6709(draw_location());
        const double radius_m = random_.chance(10) ? 0
                                : random_.chance(20)
                                    ? 50'000
                                    : std::pow(10, static_cast<double>(random_.below(4699)) / 1e3);
        const std::size_t bound =
            random_.chance(30) ? random_.below(4) : random_.below(std::uint64_t{2} * count_);
        CAPTURE(centre.latitude, centre.longitude, radius_m, bound);
        std::vector<geo::Nearest::Found> room(bound);
        const near::Crowd crowd(table_, nullptr, 0);
        geo::Nearest nearest(*table_.positions(), crowd, centre, radius_m, room);
        const auto a_turn = static_cast<std::uint32_t>(random_.between(1, 300));
        for (std::uint32_t visits = a_turn; !nearest.run(visits); visits = a_turn) {
        }
        compare(nearest.found(), centre, radius_m, bound);
    }

    // Both ways of reckoning agree to a thousandth of a millimetre; what is nearer to a limit than
    // that may fall on either side of it.
    void compare(std::span<const geo::Nearest::Found> found,
                 Iso6709 centre,
                 double radius_m,
                 std::size_t bound) const {
        constexpr long double tolerance_m = 1e-6L;
        std::size_t surely = 0;
        std::size_t perhaps = 0;
        std::vector<long double> distances(table_.slots());
        const auto surely_in = [&](std::uint32_t slot) {
            return distances[slot] <= radius_m - tolerance_m || distances[slot] == 0;
        };
        for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
            if (!table_.used(slot)) continue;
            const auto place = protocol::parse_iso6709(table_.location(table_.at(slot)));
            distances[slot] = sim::plain_distance_m(centre, *place);
            surely += surely_in(slot);
            perhaps += distances[slot] <= radius_m + tolerance_m;
        }
        REQUIRE(found.size() >= std::min(bound, surely));
        REQUIRE(found.size() <= std::min(bound, perhaps));
        std::vector<bool> told(table_.slots());
        for (std::size_t i = 0; i < found.size(); ++i) {
            const std::uint32_t slot = found[i].slot;
            REQUIRE(table_.used(slot));
            REQUIRE_FALSE(told[slot]);
            told[slot] = true;
            REQUIRE(std::abs(distances[slot] * 1000 - found[i].distance_mm) <= 0.501L);
            if (i > 0) REQUIRE(in_order(found[i - 1], found[i]));
        }
        // Nobody who was passed over is nearer than the last.
        for (std::uint32_t slot = 0; slot < table_.slots(); ++slot) {
            if (!table_.used(slot) || told[slot] || found.size() < bound || bound == 0) continue;
            if (!surely_in(slot)) continue;
            const auto mm = static_cast<std::uint32_t>(std::llround(distances[slot] * 1000));
            const geo::Nearest::Found other{mm, slot};
            const long double rest = distances[slot] * 1000 - std::floor(distances[slot] * 1000);
            if (std::abs(rest - 0.5L) > 0.001L) REQUIRE(in_order(found.back(), other));
        }
    }
    bool in_order(const geo::Nearest::Found& one, const geo::Nearest::Found& other) const {
        if (one.distance_mm != other.distance_mm) return one.distance_mm < other.distance_mm;
        return table_.client(table_.at(one.slot)) < table_.client(table_.at(other.slot));
    }

    sim::Random random_;
    std::uint32_t count_;
    Shape shape_ = Shape::clusters;
    long double spread_ = 1;
    Iso6709 middle_;
    table::LocationTable table_;
    std::vector<std::string> locations_;
    int stamp_ = 0;
};

void check_populations(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        CAPTURE(seed);
        Population(seed).check();
    }
}

}  // namespace

TEST_CASE("populations: a search finds whom looking at everybody finds (W3)", "[herd][near]") {
    check_populations(1, 500);
}

// unit-herd "[populations]"
TEST_CASE("populations: ten thousand of them (W3)", "[.][populations]") {
    check_populations(1, 10'000);
}

}  // namespace populations_test
