#include "protocol/iso6709.hpp"

#include "protocol/tokens.hpp"

#include <charconv>
#include <cstddef>

namespace protocol {
namespace {

struct Axis {
    std::size_t digits_max;  // in front of the point
    unsigned degrees_max;    // inclusive
};

constexpr Axis latitude_axis = {2, 90};
constexpr Axis longitude_axis = {3, 180};

// How many bytes the decimals and their point take at the front of `text`. Notes in `is_zero`
// whether they are all zero. Nothing if a point stands there without a digit behind it.
std::optional<std::size_t> fraction_size(std::string_view text, bool& is_zero) {
    is_zero = true;
    if (text.empty() || text.front() != '.') return 0;
    std::size_t size = 1;
    for (; size < text.size() && is_digit(text[size]); ++size) is_zero &= text[size] == '0';
    if (size == 1) return std::nullopt;
    return size;
}

// How many bytes the coordinate at the front of `text` takes, sign included; 0 if there is none.
std::size_t coordinate_size(std::string_view text, Axis axis) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return 0;
    std::size_t size = 1;
    unsigned degrees = 0;
    // One digit too many is left standing: it is neither a sign nor the end, so it fails later.
    for (; size < text.size() && size <= axis.digits_max && is_digit(text[size]); ++size) {
        degrees = degrees * 10 + static_cast<unsigned>(text[size] - '0');
    }
    if (size == 1) return 0;

    bool is_whole = true;
    const auto decimals = fraction_size(text.substr(size), is_whole);
    if (!decimals) return 0;
    // Decided on the digits: a double takes 90.0000000000000000001 for 90.
    if (degrees > axis.degrees_max || (degrees == axis.degrees_max && !is_whole)) return 0;
    return size + *decimals;
}

// Where the longitude begins if all of `text` is a location, else 0.
std::size_t split(std::string_view text) {
    const std::size_t latitude = coordinate_size(text, latitude_axis);
    if (latitude == 0) return 0;
    const std::string_view behind = text.substr(latitude);
    const std::size_t longitude = coordinate_size(behind, longitude_axis);
    return longitude != 0 && longitude == behind.size() ? latitude : 0;
}

double to_degrees(std::string_view coordinate) {
    double degrees = 0;
    // Beyond the sign, which from_chars does not take when it is a plus.
    const char* const digits = coordinate.data() + 1;
    std::from_chars(digits, coordinate.data() + coordinate.size(), degrees);
    return coordinate.front() == '-' ? -degrees : degrees;
}

}  // namespace

bool is_iso6709(std::string_view text) {
    return split(text) != 0;
}

std::optional<Iso6709> parse_iso6709(std::string_view text) {
    const std::size_t longitude = split(text);
    if (longitude == 0) return std::nullopt;
    return Iso6709{to_degrees(text.substr(0, longitude)), to_degrees(text.substr(longitude))};
}

}  // namespace protocol
