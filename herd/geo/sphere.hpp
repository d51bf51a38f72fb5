#pragma once

#include "protocol/iso6709.hpp"

#include <cmath>
#include <numbers>

namespace herd::geo {

// The earth as a sphere of its mean radius (IUGG).
inline constexpr double earth_radius_m = 6'371'008.8;
inline constexpr double radians = std::numbers::pi / 180;  // of a degree

// Of small angles sine and cosine are reckoned by their series, which are as exact there and take a
// fifth of the time.
inline constexpr double small_angle = 1.0 / 64;

inline double sine(double angle) {
    if (std::abs(angle) > small_angle) return std::sin(angle);
    const double square = angle * angle;
    return angle * (1 - square * (1.0 / 6 - square * (1.0 / 120 - square * (1.0 / 5040))));
}
inline double cosine(double angle) {
    if (std::abs(angle) > small_angle) return std::cos(angle);
    const double square = angle * angle;
    return 1 - square * (1.0 / 2 - square * (1.0 / 24 - square * (1.0 / 720)));
}

// The haversine of the angle between two places as seen from the earth's centre, which is the
// square of the sine of half of it: it grows with their distance, and takes less to reckon. What is
// only compared is compared like that.
inline double haversine_of(double distance_m) {
    const double half_chord = sine(distance_m / (2 * earth_radius_m));
    return half_chord * half_chord;
}

// The other way; likewise by its series where that does.
inline double distance_of(double haversine) {
    constexpr double small = 1e-4;  // 127 km
    const double half_chord = std::sqrt(haversine);
    if (haversine > small) return 2 * earth_radius_m * std::asin(std::fmin(half_chord, 1));
    return 2 * earth_radius_m * half_chord *
           (1 + haversine * (1.0 / 6 + haversine * (3.0 / 40 + haversine * (15.0 / 336))));
}

// Great-circle distances from one place, by the haversine formula. A pole is one place whatever
// longitude it is given, and so is each of the antimeridian with either sign.
class Centre {
public:
    explicit Centre(protocol::Iso6709 at)
        : at_(at), across_(across(at.latitude)), height_(std::sin(at.latitude * radians)) {}

    double haversine(protocol::Iso6709 to) const {
        const double half = (to.latitude - at_.latitude) * (radians / 2);
        const double up = sine(half);
        double east = to.longitude - at_.longitude;
        if (east > 180) east -= 360;
        if (east < -180) east += 360;
        const double aside = sine(east * (radians / 2));
        // The cosine of a sum, where that takes less.
        const double across_there =
            std::abs(half) > small_angle || std::abs(to.latitude) == 90
                ? across(to.latitude)
                : across_ * (1 - 2 * up * up) - height_ * 2 * up * cosine(half);
        return up * up + across_ * across_there * aside * aside;
    }
    double distance_m(protocol::Iso6709 to) const { return distance_of(haversine(to)); }

    protocol::Iso6709 at() const { return at_; }
    // How long a degree from west to east is there, in degrees from south to north.
    double across() const { return across_; }

private:
    static double across(double latitude) {
        return std::abs(latitude) == 90 ? 0 : std::cos(latitude * radians);
    }

    protocol::Iso6709 at_;
    double across_;
    double height_;  // above the equator's plane, in earth radii
};

inline double distance_m(protocol::Iso6709 from, protocol::Iso6709 to) {
    return Centre(from).distance_m(to);
}

}  // namespace herd::geo
