#pragma once

#include "protocol/iso6709.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sim {

// How far two places are from each other on the sphere of the earth's mean radius, written down a
// second time: by the chord between two vectors, and in more digits than servers have.
inline long double plain_distance_m(protocol::Iso6709 from, protocol::Iso6709 to) {
    struct Vector {
        long double x, y, z;
    };
    const auto vector = [](protocol::Iso6709 at) {
        const long double degree = std::numbers::pi_v<long double> / 180;
        const long double across = std::abs(at.latitude) == 90 ? 0 : std::cos(at.latitude * degree);
        const long double longitude = (at.longitude == 180 ? -180 : at.longitude) * degree;
        return Vector{across * std::cos(longitude),
                      across * std::sin(longitude),
                      std::sin(at.latitude * degree)};
    };
    const Vector a = vector(from);
    const Vector b = vector(to);
    const long double x = a.x - b.x;
    const long double y = a.y - b.y;
    const long double z = a.z - b.z;
    const long double half_chord = std::sqrt(x * x + y * y + z * z) / 2;
    return 2 * 6'371'008.8L * std::asin(std::min(half_chord, 1.0L));
}

}  // namespace sim
