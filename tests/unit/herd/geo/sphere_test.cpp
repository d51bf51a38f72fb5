#include "herd/geo/sphere.hpp"

#include "herd/geo/cell.hpp"
#include "tests/sim/plain_distance.hpp"
#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

namespace sphere_test {

namespace {

using namespace herd::geo;
using protocol::Iso6709;

Iso6709 random_place(sim::Random& random) {
    const auto within = [&](double most) {
        return most * (static_cast<double>(random.below(2'000'000'001)) / 1e9 - 1);
    };
    return {within(90), within(180)};
}

}  // namespace

TEST_CASE("sphere: distances are those of the great circle (W3)", "[herd][geo]") {
    sim::Random random(1);
    for (int i = 0; i < 20'000; ++i) {
        const Iso6709 from = random_place(random);
        Iso6709 to = random_place(random);
        if (i % 4 > 0) {
            const double scale = std::pow(10, -static_cast<double>(random.below(8)));
            to = {std::clamp(from.latitude + to.latitude * scale / 90, -90.0, 90.0),
                  from.longitude + to.longitude * scale};
            if (std::abs(to.longitude) > 180) continue;
        }
        const double expected = static_cast<double>(sim::plain_distance_m(from, to));
        const double found = distance_m(from, to);
        // Beyond the horizon the haversine of nearly two right angles loses digits.
        const double tolerance = expected < 15e6 ? 1e-8 * (1 + expected / 1e6) : 1;
        REQUIRE(std::abs(found - expected) <= tolerance);
        REQUIRE(distance_m(to, from) == Approx(found).epsilon(1e-12).margin(1e-9));
        REQUIRE(distance_of(haversine_of(found)) == Approx(found).epsilon(1e-12));
    }
}

TEST_CASE("sphere: known distances", "[herd][geo]") {
    constexpr double degree_m = earth_radius_m * radians;
    CHECK(distance_m({0, 0}, {1, 0}) == Approx(degree_m));
    CHECK(distance_m({0, 179.5}, {0, -179.5}) == Approx(degree_m));
    CHECK(distance_m({89.5, 0}, {89.5, 180}) == Approx(degree_m));
    CHECK(distance_m({90, 0}, {-90, 0}) == Approx(180 * degree_m));
    CHECK(distance_m({0, 0}, {0, 180}) == Approx(180 * degree_m));
    CHECK(distance_m({60, 0}, {60, 1}) == Approx(degree_m / 2).epsilon(1e-4));
}

TEST_CASE("sphere: what is one place is no distance apart", "[herd][geo]") {
    CHECK(distance_m({90, 12}, {90, -170}) == 0);
    CHECK(distance_m({-90, 0}, {-90, 180}) == 0);
    CHECK(distance_m({12.345, 180}, {12.345, -180}) == 0);
    CHECK(distance_m({12.345, 67.89}, {12.345, 67.89}) == 0);
    CHECK(distance_m({90, 12}, {89, -170}) == distance_m({90, 0}, {89, 0}));
}

TEST_CASE("cell: squares of cells are runs of codes", "[herd][geo]") {
    CHECK(code_of(0, 0) == 0);
    CHECK(code_of(0, 1) == 1);
    CHECK(code_of(1, 0) == 2);
    CHECK(code_of(Cell::row_max, 0) < code_of(0, 1U << 17));
    sim::Random random(2);
    for (int i = 0; i < 1000; ++i) {
        const auto row = static_cast<std::uint32_t>(random.below(Cell::row_max));
        const auto column = static_cast<std::uint32_t>(random.below(Cell::column_max));
        for (unsigned size = 0; size < 18; ++size) {
            const std::uint64_t square = code_of(row >> size, column >> size);
            REQUIRE(code_of(row, column) >> (2 * size) == square);
        }
        REQUIRE(slot_of(key_of({row, column}, 536'870'911)) == 536'870'911);
    }
}

TEST_CASE("cell: a spot's cell is that of its degrees", "[herd][geo]") {
    for (const std::string text : {"+0+0", "-90-180", "+90+180", "+34.0689-118.445127", "+90+0"}) {
        CAPTURE(text);
        protocol::Spot spot{};
        REQUIRE(protocol::read_iso6709(text, spot) == text.size());
        CHECK(Cell::of(spot) == Cell::of(protocol::degrees_of(spot)));
        CHECK(Cell::of(spot) == Cell::of(*protocol::parse_iso6709(text)));
        CHECK(Cell::of(spot).row <= Cell::row_max);
        CHECK(Cell::of(spot).column <= Cell::column_max);
    }
}

}  // namespace sphere_test
