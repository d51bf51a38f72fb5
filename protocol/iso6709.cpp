#include "protocol/iso6709.hpp"

#include "protocol/digits.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace protocol {
namespace {

struct Axis {
    std::ptrdiff_t digits_max;  // in front of the point
    int degrees_max;            // inclusive
};

constexpr Axis latitude_axis = {2, 90};
constexpr Axis longitude_axis = {3, 180};

// Behind the coordinate, sign included, that stands from `at` on; null if none does.
const char* skip_coordinate(const char* at, const char* end, Axis axis) {
    if (at == end || (*at != '+' && *at != '-')) return nullptr;
    const char* const whole = ++at;
    int degrees = 0;
    // One digit too many is left standing: it is neither a sign nor the end, so it fails later.
    const char* const last = end - at > axis.digits_max ? at + axis.digits_max : end;
    for (; at != last && is_digit(*at); ++at) degrees = degrees * 10 + (*at - '0');
    if (at == whole || degrees > axis.degrees_max) return nullptr;
    if (at == end || *at != '.') return at;
    const char* const decimals = ++at;
    at = skip_digits(at, end);
    if (at == decimals) return nullptr;
    // Decided on the digits: a double takes 90.0000000000000000001 for 90.
    const auto is_zero = [](char digit) { return digit == '0'; };
    if (degrees == axis.degrees_max && !std::all_of(decimals, at, is_zero)) return nullptr;
    return at;
}

// Where the coordinates end of a location that stands at the front of a text. Null: none does.
struct Ends {
    const char* latitude = nullptr;
    const char* longitude = nullptr;
};

Ends find_ends(std::string_view text) {
    const char* const end = text.data() + text.size();
    const char* const latitude = skip_coordinate(text.data(), end, latitude_axis);
    if (latitude == nullptr) return {};
    return {latitude, skip_coordinate(latitude, end, longitude_axis)};
}

double to_degrees(std::string_view coordinate) {
    double degrees = 0;
    // Beyond the sign, which from_chars does not take when it is a plus.
    const char* const digits = coordinate.data() + 1;
    std::from_chars(digits, coordinate.data() + coordinate.size(), degrees);
    return coordinate.front() == '-' ? -degrees : degrees;
}

}  // namespace

std::size_t iso6709_size(std::string_view text) {
    const char* const end = find_ends(text).longitude;
    return end == nullptr ? 0 : static_cast<std::size_t>(end - text.data());
}

bool is_iso6709(std::string_view text) {
    return !text.empty() && iso6709_size(text) == text.size();
}

std::optional<Iso6709> parse_iso6709(std::string_view text) {
    if (!is_iso6709(text)) return std::nullopt;
    const auto latitude = static_cast<std::size_t>(find_ends(text).latitude - text.data());
    return Iso6709{to_degrees(text.substr(0, latitude)), to_degrees(text.substr(latitude))};
}

}  // namespace protocol
