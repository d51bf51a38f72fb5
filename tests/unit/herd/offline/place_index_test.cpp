#include "herd/offline/place_index.hpp"

#include "herd/geo/sphere.hpp"
#include "tests/unit/herd/offline/real_places.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace place_index_test {

using herd::geo::distance_m;
using namespace herd::offline;
using namespace offline_test;

namespace {

std::vector<Hit> brute_force(const std::vector<Coordinates>& points,
                             Coordinates centre,
                             double radius_m) {
    std::vector<Hit> hits;
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        const double far_m = distance_m(centre, points[i]);
        if (far_m <= radius_m) hits.push_back({i, far_m});
    }
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
        return a.distance_m != b.distance_m ? a.distance_m < b.distance_m : a.place < b.place;
    });
    return hits;
}

// They are ordered to the millimetre.
constexpr double tolerance_m = 1e-3;

void compare(const std::vector<Coordinates>& points,
             const PlaceIndex& index,
             Coordinates centre,
             double radius_m,
             std::size_t count_max) {
    CAPTURE(centre.latitude, centre.longitude, radius_m, count_max);
    std::vector<Hit> buffer(count_max);
    const auto found = index.nearest(centre, radius_m, buffer);
    const auto surely = brute_force(points, centre, radius_m - tolerance_m);
    const auto perhaps = brute_force(points, centre, radius_m + tolerance_m);
    REQUIRE(found.size() >= std::min(count_max, surely.size()));
    REQUIRE(found.size() <= std::min(count_max, perhaps.size()));
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double far_m = distance_m(centre, points[found[i].place]);
        REQUIRE(std::abs(found[i].distance_m - far_m) < tolerance_m);
        REQUIRE(std::abs(found[i].distance_m - perhaps[i].distance_m) < tolerance_m);
        if (i > 0) REQUIRE(found[i - 1].distance_m < found[i].distance_m + tolerance_m);
    }
}

class Random {
public:
    double between(double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(engine_);
    }
    // Anywhere, but more often where it is difficult.
    Coordinates point() {
        const double kind = between(0, 1);
        if (kind < 0.15) return {90 - between(0, 0.6), between(-180, 180)};
        if (kind < 0.30) return {between(0, 0.6) - 90, between(-180, 180)};
        if (kind < 0.55) return {between(-1, 1), wrap(180 + between(-0.6, 0.6))};
        if (kind < 0.70) return {between(80, 81), wrap(180 + between(-4, 4))};
        if (kind < 0.72) return {between(0, 1) < 0.5 ? 90.0 : -90.0, between(-180, 180)};
        if (kind < 0.74) return {between(-1, 1), between(0, 1) < 0.5 ? 180.0 : -180.0};
        if (kind < 0.90) return {between(34, 35), between(-119, -118)};
        return {between(-90, 90), between(-180, 180)};
    }

private:
    static double wrap(double longitude) { return longitude > 180 ? longitude - 360 : longitude; }

    std::mt19937_64 engine_{20240607};
};

}  // namespace

TEST_CASE("place index: agrees with looking at every point", "[offline]") {
    Random random;
    std::vector<Coordinates> points(4000);
    for (Coordinates& point : points) point = random.point();
    const PlaceIndex index(points);
    for (int i = 0; i < 3000; ++i) {
        const Coordinates centre =
            i % 4 == 0 ? points[static_cast<std::size_t>(i)] : random.point();
        const double radius_m = i % 10 == 0   ? radius_m_max
                                : i % 10 == 1 ? 0
                                              : std::pow(10, random.between(0, 4.69));
        compare(points, index, centre, radius_m, i % 3 == 0 ? points.size() : 20);
    }
}

TEST_CASE("place index: poles and the antimeridian have no other side", "[offline]") {
    const std::vector<Coordinates> points = {
        {90, 0}, {90, 137}, {-90, -180}, {89.9, -90}, {0, 180}, {0, -180}, {0, 179.9}, {0, -179.9}};
    const PlaceIndex index(points);
    std::vector<Hit> buffer(points.size());
    const auto found = [&](Coordinates centre, double radius_m) {
        std::vector<std::uint32_t> places;
        for (const Hit& hit : index.nearest(centre, radius_m, buffer)) places.push_back(hit.place);
        return places;
    };
    using Places = std::vector<std::uint32_t>;
    CHECK(found({90, -33}, 0) == Places{0, 1});
    CHECK(found({90, -33}, 12'000) == Places{0, 1, 3});
    CHECK(found({89.95, 90}, 20'000) == Places{0, 1, 3});
    CHECK(found({-90, 12}, 0) == Places{2});
    CHECK(found({0, 180}, 0) == Places{4, 5});
    CHECK(found({0, -180}, 0) == Places{4, 5});
    CHECK(found({0, 179.96}, 20'000) == Places{4, 5, 6, 7});
    CHECK(found({0, -179.96}, 8'000) == Places{4, 5, 7});
    CHECK(found({0, 0}, radius_m_max).empty());
}

TEST_CASE("place index: the equally far come in the order of their position", "[offline]") {
    const std::vector<Coordinates> points(100, Coordinates{10, 20});
    const PlaceIndex index(points);
    std::vector<Hit> buffer(7);
    const auto hits = index.nearest({10, 20}, 5, buffer);
    REQUIRE(hits.size() == 7);
    for (std::uint32_t i = 0; i < 7; ++i) CHECK(hits[i].place == i);
    CHECK(index.nearest({10, 20}, 5, std::span<Hit>()).empty());
}

TEST_CASE("place index: an index of nothing finds nothing", "[offline]") {
    const PlaceIndex index{std::span<const Coordinates>()};
    std::vector<Hit> buffer(3);
    CHECK(index.nearest({90, 180}, radius_m_max, buffer).empty());
}

TEST_CASE("place index: what lies around UCLA", "[offline]") {
    const RealPlaces& places = RealPlaces::get();
    std::vector<Hit> buffer(2000);
    const auto hits = places.index.nearest(ucla, 10'000, buffer);
    REQUIRE(hits.size() > 20);
    const auto name = [&](std::size_t i) { return places.table.places()[hits[i].place].name; };
    CHECK(name(0) == "Ronald Reagan UCLA Medical Center Helistop");
    CHECK(hits[0].distance_m == Approx(276).margin(5));
    CHECK(name(1) == "90095");
    CHECK(hits[1].distance_m == Approx(300).margin(10));
    CHECK(name(2) == "UCLA Emergency Medicine Department Heliport");
    CHECK(hits[2].distance_m == Approx(480).margin(10));
    const auto all = places.table.places();
    std::size_t expected = 0;
    for (const Place& place : all) expected += distance_m(ucla, place.at) <= 10'000;
    CHECK(hits.size() == expected);
    CHECK(places.index.nearest({63.46, 142.79}, 10'000, buffer).empty());  // Oymyakon
}

}  // namespace place_index_test
