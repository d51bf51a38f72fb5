#pragma once

#include "herd/offline/place_table.hpp"
#include "reactor/delegate.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace herd::offline {

// The largest radius that a search may have, in metres.
inline constexpr double radius_m_max = 50'000;

// A place found: its position among the points that the index was made of, and how far it is.
struct Hit {
    std::uint32_t place;
    double distance_m;
};

// Great-circle distance by the haversine formula, on a sphere of the Earth's mean radius.
double distance_m(Coordinates from, Coordinates to);

// Finds which points lie nearest to a position. The points are kept in bands of equal latitude,
// each sorted by longitude: of each band that a circle touches, one stretch is looked at (two
// across the antimeridian), and near a pole the whole band. Immutable.
class PlaceIndex {
public:
    // Whether a point counts; a null one takes all.
    using Accept = reactor::Delegate<bool(std::uint32_t place)>;

    explicit PlaceIndex(std::span<const Coordinates> points);
    explicit PlaceIndex(const PlaceTable& table);

    // The nearest points within the radius (0 to radius_m_max), as many as `out` holds, nearest
    // first, those equally far by their position. A part of `out`.
    std::span<Hit> nearest(Coordinates centre,
                           double radius_m,
                           std::span<Hit> out,
                           Accept accept = {}) const;

private:
    class Search;

    // A point on the unit sphere: comparing costs no trigonometry.
    struct Entry {
        double longitude;  // from -180, and less than 180
        double x, y, z;
        std::uint32_t place;
    };

    static Entry entry(Coordinates at, std::uint32_t place);
    static std::size_t band_of(double latitude);

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> bands_;  // Where each begins in entries_; one more than there are.
};

}  // namespace herd::offline
