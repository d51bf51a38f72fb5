#pragma once

#include "herd/geo/key_tree.hpp"
#include "herd/geo/nearest.hpp"
#include "herd/offline/place_table.hpp"
#include "reactor/delegate.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace herd::offline {

// The largest radius that a search may have, in metres.
inline constexpr double radius_m_max = geo::Nearest::radius_m_max;

// A place found: its position among the points that the index was made of, and how far it is.
struct Hit {
    std::uint32_t place;
    double distance_m;
};

// Finds which points lie nearest to a position. Immutable.
class PlaceIndex {
public:
    // Whether a point counts; a null one takes all.
    using Accept = reactor::Delegate<bool(std::uint32_t place)>;

    explicit PlaceIndex(std::span<const Coordinates> points);
    explicit PlaceIndex(const PlaceTable& table);

    // The nearest points within the radius (0 to radius_m_max), as many as `out` holds, nearest
    // first, those equally far to the millimetre by their position. A part of `out`.
    std::span<Hit> nearest(Coordinates centre,
                           double radius_m,
                           std::span<Hit> out,
                           Accept accept = {}) const;

private:
    std::vector<Coordinates> points_;
    geo::KeyTree tree_;  // A point's slot is its position.
};

}  // namespace herd::offline
