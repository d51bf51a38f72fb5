#include "herd/digest.hpp"

#include <bit>
#include <cstring>

namespace herd {

namespace {

// Odd numbers without a pattern: from the fractional parts of the square roots of 2, 3 and 5.
constexpr std::uint64_t seed = 0x6a09e667f3bcc909;
constexpr std::uint64_t step = 0xbb67ae8584caa73b;
constexpr std::uint64_t last = 0x3c6ef372fe94f82b;

static_assert(std::endian::native == std::endian::little, "the hash reads words as they stand");

std::uint64_t word(const char* bytes, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, size);
    return value;
}

// Both halves of the product, folded: every bit of either factor reaches every bit.
std::uint64_t mix(std::uint64_t one, std::uint64_t other) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{one} * other;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// Eight bytes a step. The length is mixed in by itself, so that zeros at the end count.
std::uint64_t Digest::hash(std::string_view line) {
    std::uint64_t state = mix(seed ^ line.size(), step);
    for (; line.size() > 8; line.remove_prefix(8)) {
        state = mix(state ^ word(line.data(), 8), step);
    }
    return mix(state ^ word(line.data(), line.size()), last);
}

}  // namespace herd
