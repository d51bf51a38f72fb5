#pragma once

#include "protocol/iso6709.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::map {

// What lies between two parallels and, eastwards from one to the other, two meridians, borders
// included. A value.
class Box {
public:
    // "S,W,N,E" in degrees, as in "30,-120,35,-110"; from west to east perhaps across the
    // antimeridian. Nothing, if it is something else, or its north lies south of its south.
    static std::optional<Box> parse(std::string_view text);
    // All of the earth.
    static Box whole() { return {}; }

    bool holds(protocol::Spot spot) const {
        const std::uint32_t latitude = spot.latitude;
        if (latitude < south_ || latitude > north_) return false;
        const std::uint32_t longitude = spot.longitude;
        const std::uint32_t around = longitude >= west_ ? 0 : protocol::Spot::longitude_end;
        return longitude + around - west_ <= width_;
    }

private:
    std::uint32_t south_ = 0;
    std::uint32_t north_ = protocol::Spot::latitude_max;
    std::uint32_t west_ = 0;
    std::uint32_t width_ = protocol::Spot::longitude_end;
};

}  // namespace herd::map
