#pragma once

#include <cstdint>

namespace herd::table {

__extension__ using Wide = unsigned __int128;

// Both halves of the product, folded: every bit of either factor reaches every bit.
inline std::uint64_t folded_product(std::uint64_t one, std::uint64_t other) {
    const Wide product = Wide{one} * other;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace herd::table
