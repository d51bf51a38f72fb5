#include "herd/map/box.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace herd::map {

namespace {

using protocol::Spot;

// The number at the front of the text, which is cut off. What is no number compares to nothing.
std::optional<double> take_number(std::string_view& text) {
    double value = 0;
    const auto taken = std::from_chars(text.data(), text.data() + text.size(), value);
    if (taken.ec != std::errc{} || !std::isfinite(value)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(taken.ptr - text.data()));
    return value;
}

std::uint32_t units(double degrees) {
    return static_cast<std::uint32_t>(std::lround(degrees * Spot::per_degree));
}

}  // namespace

std::optional<Box> Box::parse(std::string_view text) {
    std::array<double, 4> sides{};
    for (double& side : sides) {
        if (&side != sides.data()) {
            if (!text.starts_with(',')) return std::nullopt;
            text.remove_prefix(1);
        }
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        side = *number;
    }
    const auto [south, west, north, east] = sides;
    if (!text.empty() || south < -90 || north > 90 || south > north) return std::nullopt;
    if (west < -180 || west > 180 || east < -180 || east > 180) return std::nullopt;
    Box box;
    box.south_ = units(south + 90);
    box.north_ = units(north + 90);
    if (east - west == 360) return box;
    box.west_ = units(west + 180) % Spot::longitude_end;
    box.width_ = units(east < west ? east - west + 360 : east - west);
    return box;
}

}  // namespace herd::map
