#pragma once

#include "protocol/iso6709.hpp"

#include <bit>
#include <cstdint>

namespace herd::geo {

// Divides the earth into squares of 0.0016384 degrees: 182 m from south to north, and from west to
// east as much at the equator, less towards the poles.
struct Cell {
    static constexpr unsigned bits = 14;  // ten-millionths of a degree a side
    static constexpr double side = static_cast<double>(1U << bits) / protocol::Spot::per_degree;
    static constexpr std::uint32_t row_max = protocol::Spot::latitude_max >> bits;
    static constexpr std::uint32_t column_max = (protocol::Spot::longitude_end - 1) >> bits;

    std::uint32_t row;     // from the south pole
    std::uint32_t column;  // eastwards from the antimeridian

    static Cell of(protocol::Spot spot) {
        const std::uint32_t latitude = spot.latitude;
        return {latitude >> bits, spot.longitude >> bits};
    }
    static Cell of(protocol::Iso6709 place) {
        return {row_of(place.latitude), column_of(place.longitude)};
    }
    // Whether both are in one.
    static bool shared(protocol::Spot one, protocol::Spot other) {
        constexpr std::uint64_t above = UINT32_MAX >> bits << bits;
        constexpr std::uint64_t mask = above << 32 | (above & protocol::Spot::latitude_mask);
        const auto words = [](protocol::Spot spot) { return std::bit_cast<std::uint64_t>(spot); };
        return ((words(one) ^ words(other)) & mask) == 0;
    }
    static std::uint32_t row_of(double latitude) {
        return static_cast<std::uint32_t>((latitude + 90) * (1 / side));
    }
    static std::uint32_t column_of(double longitude) {
        const double columns = (longitude + 180) * (1 / side);
        return longitude < 180 ? static_cast<std::uint32_t>(columns) : 0;
    }

    friend bool operator==(const Cell&, const Cell&) = default;
};

// A cell's place in Morton's order (1966): by the bits of row and column in turns, so that a square
// of 2^n by 2^n cells, the first row and column of which are multiples of 2^n, is one unbroken run.
constexpr std::uint64_t code_of(std::uint32_t row, std::uint32_t column) {
    constexpr std::uint32_t half = 0xffff;
    // The sixteen last bits of both are moved apart at once, each in a half of a word.
    std::uint64_t bits = std::uint64_t{row & half} << 32 | (column & half);
    bits = (bits | bits << 8) & 0x00ff'00ff'00ff'00ff;
    bits = (bits | bits << 4) & 0x0f0f'0f0f'0f0f'0f0f;
    bits = (bits | bits << 2) & 0x3333'3333'3333'3333;
    bits = (bits | bits << 1) & 0x5555'5555'5555'5555;
    const auto last = static_cast<std::uint32_t>(bits | bits >> 31);
    const std::uint64_t first = (row >> 16) << 1 | (column >> 16 & 1) | (column >> 16 & 2) << 1;
    return first << 32 | last;
}
static_assert(Cell::row_max >> 16 == 1);
static_assert(Cell::column_max >> 16 == 3);

// What a slot is kept by: its cell's code, and in its last bits the slot.
inline constexpr unsigned slot_bits = 29;
static_assert(code_of(Cell::row_max, Cell::column_max) < std::uint64_t{1} << (64 - slot_bits));

constexpr std::uint64_t first_key(std::uint64_t code) {
    return code << slot_bits;
}
inline std::uint64_t key_of(Cell cell, std::uint32_t slot) {
    return first_key(code_of(cell.row, cell.column)) | slot;
}
constexpr std::uint32_t slot_of(std::uint64_t key) {
    return static_cast<std::uint32_t>(key & ((std::uint64_t{1} << slot_bits) - 1));
}

}  // namespace herd::geo
