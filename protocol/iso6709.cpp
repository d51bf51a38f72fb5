#include "protocol/iso6709.hpp"

#include "protocol/digits.hpp"
#include "protocol/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace protocol {
namespace {

constexpr std::ptrdiff_t decimals_max = 7;  // of a Spot
constexpr std::array<std::uint32_t, decimals_max + 1> scales = {
    Spot::per_degree, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};

struct Axis {
    std::ptrdiff_t digits_max;  // in front of the point
    std::uint32_t degrees_max;  // inclusive
};

constexpr Axis latitude_axis = {2, 90};
constexpr Axis longitude_axis = {3, 180};

// The eight bytes from `at` on; behind the end zeros, which are no digits.
std::uint64_t load(const char* at, const char* end) {
    if (end - at >= words::size) return words::load(at);
    std::uint64_t word = 0;
    if (at != end) std::memcpy(&word, at, static_cast<std::size_t>(end - at));
    return word;
}

// Behind the coordinate, sign included, that stands from `at` on; null if none does. What it says
// is added to `fixed`, in ten-millionths of a degree.
template <Axis axis>
const char* read_coordinate(const char* at, const char* end, std::uint32_t& fixed, bool& cut) {
    if (at == end || (*at != '+' && *at != '-')) return nullptr;
    const bool negative = *at++ == '-';
    const std::uint64_t whole = load(at, end);
    const std::ptrdiff_t digits = words::front_digits(whole);
    if (digits == 0 || digits > axis.digits_max) return nullptr;
    const std::uint32_t degrees = words::few_digits_value(whole, digits);
    if (degrees > axis.degrees_max) return nullptr;
    std::uint32_t value = degrees * Spot::per_degree;
    at += digits;
    if (at != end && *at == '.') {
        const char* const decimals = ++at;
        const std::uint64_t first = load(at, end);
        std::ptrdiff_t count = words::front_digits(first);
        if (count == 0) return nullptr;
        at += count;
        if (count > decimals_max) {
            count = decimals_max;
            cut = true;
            at = skip_digits(at, end);
        }
        value += static_cast<std::uint32_t>(words::digits_value(first, count)) *
                 scales[static_cast<std::size_t>(count)];
        // Decided on the digits: a double takes 90.0000000000000000001 for 90.
        const auto is_zero = [](char digit) { return digit == '0'; };
        if (degrees == axis.degrees_max && !std::all_of(decimals, at, is_zero)) return nullptr;
    }
    fixed += negative ? 0 - value : value;
    return at;
}

// The nearest double: a quotient of two whole numbers that doubles hold is rounded once.
double degrees(std::uint32_t fixed, std::uint32_t middle) {
    return static_cast<double>(std::int64_t{fixed} - middle) / Spot::per_degree;
}

double to_degrees(std::string_view coordinate) {
    double degrees = 0;
    // Beyond the sign, which from_chars does not take when it is a plus.
    const char* const digits = coordinate.data() + 1;
    std::from_chars(digits, coordinate.data() + coordinate.size(), degrees);
    return coordinate.front() == '-' ? -degrees : degrees;
}

}  // namespace

std::size_t read_iso6709(std::string_view text, Spot& spot) {
    const char* const end = text.data() + text.size();
    std::uint32_t latitude = Spot::latitude_max / 2;
    std::uint32_t longitude = Spot::longitude_end / 2;
    bool cut = false;
    const char* at = read_coordinate<latitude_axis>(text.data(), end, latitude, cut);
    if (at == nullptr) return 0;
    at = read_coordinate<longitude_axis>(at, end, longitude, cut);
    if (at == nullptr) return 0;
    if (longitude == Spot::longitude_end) longitude = 0;
    spot.latitude = latitude & Spot::latitude_mask;
    spot.cut = cut;
    spot.longitude = longitude;
    return static_cast<std::size_t>(at - text.data());
}

bool is_iso6709(std::string_view text) {
    Spot spot{};
    return !text.empty() && read_iso6709(text, spot) == text.size();
}

std::optional<Iso6709> parse_iso6709(std::string_view text) {
    Spot spot{};
    if (text.empty() || read_iso6709(text, spot) != text.size()) return std::nullopt;
    const std::size_t longitude = text.find_last_of("+-");
    if (spot.cut || spot.longitude == 0) {
        return Iso6709{to_degrees(text.substr(0, longitude)), to_degrees(text.substr(longitude))};
    }
    return degrees_of(spot);
}

Spot spot_of(Iso6709 place) {
    const auto fixed = [](double degrees) {
        return static_cast<std::uint32_t>(degrees * Spot::per_degree);
    };
    const std::uint32_t longitude = fixed(place.longitude + 180);
    return {.latitude = fixed(place.latitude + 90) & Spot::latitude_mask,
            .cut = 1,
            .longitude = longitude == Spot::longitude_end ? 0 : longitude};
}

Iso6709 degrees_of(Spot spot) {
    return {degrees(spot.latitude, Spot::latitude_max / 2),
            degrees(spot.longitude, Spot::longitude_end / 2)};
}

}  // namespace protocol
