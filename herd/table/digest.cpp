#include "herd/table/digest.hpp"

#include "herd/table/folded_product.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace herd::table {

namespace {

// Odd numbers without a pattern: from the fractional parts of the square roots of 2, 3 and 5.
constexpr std::uint64_t seed = 0x6a09e667f3bcc909;
constexpr std::uint64_t step = 0xbb67ae8584caa73b;
constexpr std::uint64_t last = 0x3c6ef372fe94f82b;

static_assert(std::endian::native == std::endian::little, "the hash reads words as they stand");
static_assert(seed % 2 == 1 && step % 2 == 1 && last % 2 == 1);

std::uint64_t word(const char* bytes, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, size);
    return value;
}

}  // namespace

// Sixteen bytes a step; the last sixteen may overlap with those before. The length is mixed in by
// itself, so that zeros at the end count.
std::uint64_t Digest::hash(std::string_view text, std::uint64_t start) {
    const char* at = text.data();
    const char* const end = at + text.size();
    std::uint64_t state = seed ^ text.size() ^ start;
    if (text.size() < 16) {
        const std::size_t front = std::min<std::size_t>(text.size(), 8);
        return folded_product(folded_product(state ^ word(at, front), step),
                              last ^ word(at + front, text.size() - front));
    }
    for (; end - at > 16; at += 16) {
        state = folded_product(state ^ word(at, 8), step ^ word(at + 8, 8));
    }
    return folded_product(folded_product(state ^ word(end - 16, 8), step ^ word(end - 8, 8)), last);
}

void Digest::check() const {
    std::uint64_t root = 0;
    for (const std::uint64_t bucket : buckets_) root ^= bucket;
    assert(root == root_);
}

}  // namespace herd::table
