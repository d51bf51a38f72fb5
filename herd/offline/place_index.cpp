#include "herd/offline/place_index.hpp"

#include "herd/geo/cell.hpp"
#include "herd/geo/sphere.hpp"
#include "reactor/result.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace herd::offline {
namespace {

std::vector<Coordinates> coordinates_of(std::span<const Place> places) {
    std::vector<Coordinates> points;
    points.reserve(places.size());
    for (const Place& place : places) points.push_back(place.at);
    return points;
}

class Points final : public geo::Population {
public:
    Points(std::span<const Coordinates> points, PlaceIndex::Accept accept)
        : points_(points), accept_(accept) {}

    void fetch(std::span<const std::uint64_t>) const override {}
    void spots(std::span<const std::uint64_t> keys, std::span<protocol::Spot> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            out[i] = protocol::spot_of(points_[geo::slot_of(keys[i])]);
        }
    }
    Coordinates place(std::uint32_t slot) const override { return points_[slot]; }
    bool counts(std::uint32_t slot) const override { return !accept_ || accept_(slot); }
    bool precedes(std::uint32_t one, std::uint32_t other) const override { return one < other; }

private:
    std::span<const Coordinates> points_;
    PlaceIndex::Accept accept_;
};

}  // namespace

PlaceIndex::PlaceIndex(const PlaceTable& table) : PlaceIndex(coordinates_of(table.places())) {}

PlaceIndex::PlaceIndex(std::span<const Coordinates> points)
    : points_(points.begin(), points.end()) {
    const auto count = static_cast<std::uint32_t>(points.size());
    // As a vector does.
    const auto opened = tree_.open(std::max(count, 1U));
    if (!opened) reactor::die("mmap", opened.error());
    for (std::uint32_t i = 0; i < count; ++i) {
        assert(std::abs(points[i].latitude) <= 90);
        assert(std::abs(points[i].longitude) <= 180);
        tree_.insert(geo::key_of(geo::Cell::of(points[i]), i));
    }
}

std::span<Hit> PlaceIndex::nearest(Coordinates centre,
                                   double radius_m,
                                   std::span<Hit> out,
                                   Accept accept) const {
    assert(std::abs(centre.latitude) <= 90);
    assert(std::abs(centre.longitude) <= 180);
    const Points points(points_, accept);
    std::vector<geo::Nearest::Found> room(out.size());
    geo::Nearest search(tree_, points, centre, radius_m, room);
    for (std::uint32_t visits = UINT32_MAX; !search.run(visits); visits = UINT32_MAX) {
    }
    const geo::Centre from(centre);
    std::size_t size = 0;
    for (const geo::Nearest::Found& found : search.found()) {
        out[size++] = {found.slot, from.distance_m(points_[found.slot])};
    }
    return out.first(size);
}

}  // namespace herd::offline
