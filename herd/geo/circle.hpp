#pragma once

#include "herd/geo/sphere.hpp"

namespace herd::geo {

// What is no farther than its radius from a centre, border included.
class Circle {
public:
    // `radius_m` at most a quarter of the way round the earth.
    Circle(protocol::Iso6709 centre, double radius_m)
        : centre_(centre),
          radius_m_(radius_m),
          // Rounding does not make it too narrow.
          bound_(haversine_of(radius_m) * (1 + 1e-9) + 1e-30) {}

    bool holds(protocol::Iso6709 place) const {
        const double haversine = centre_.haversine(place);
        return haversine <= bound_ && distance_of(haversine) <= radius_m_;
    }
    const Centre& centre() const { return centre_; }
    double radius_m() const { return radius_m_; }

private:
    Centre centre_;
    double radius_m_;
    double bound_;  // a haversine: what is above it is surely not inside
};

}  // namespace herd::geo
