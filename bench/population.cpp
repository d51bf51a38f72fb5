#include "bench/population.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bench {

namespace {

// Any bits of a number, as if at random (splitmix64).
std::uint64_t bits_of(std::uint64_t number) {
    number = (number + 1) * 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

// From above 0 to 1.
double share_of(std::uint64_t bits) {
    return static_cast<double>((bits >> 11) + 1) / 9007199254740992.0;
}

// A city's middle; none lies so far north or south that degrees from west to east are short.
struct Middle {
    double latitude;
    double longitude;
};
Middle middle_of(std::uint64_t city) {
    return {120 * share_of(bits_of(2 * city)) - 60, 358 * share_of(bits_of(2 * city + 1)) - 179};
}

std::int64_t millionths(double degrees) {
    return std::llround(degrees * 1e6);
}

}  // namespace

Place Population::place(std::uint32_t index) {
    const std::uint64_t bits = bits_of(1'000'000'000 + std::uint64_t{index});
    const Middle middle = middle_of(bits % cities);
    // Two numbers of a normal distribution (Box and Muller, 1958).
    const double away = spread * std::sqrt(-2 * std::log(share_of(bits_of(bits))));
    const double angle = 2 * std::numbers::pi * share_of(bits_of(bits + 1));
    return {millionths(middle.latitude + away * std::cos(angle)),
            millionths(std::clamp(middle.longitude + away * std::sin(angle), -180.0, 179.999999))};
}

}  // namespace bench
