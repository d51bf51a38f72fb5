#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Text, eight bytes at a time: the byte at the front is the lowest one of the word.
namespace protocol::words {

static_assert(std::endian::native == std::endian::little);

constexpr std::ptrdiff_t size = 8;

inline std::uint64_t load(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, size);
    return word;
}

constexpr std::uint64_t repeat(std::uint8_t byte) {
    return byte * std::uint64_t{0x0101'0101'0101'0101};
}
// The byte at the bottom of each 32 or 16 bits.
constexpr std::uint64_t repeat_each(std::uint8_t byte, int bits) {
    return byte * (bits == 32 ? std::uint64_t{0x0000'0001'0000'0001} : 0x0001'0001'0001'0001);
}

// Where in the word the first byte is whose highest bit `marks` has; `size` if there is none.
constexpr std::ptrdiff_t first_marked(std::uint64_t marks) {
    return static_cast<std::ptrdiff_t>(std::countr_zero(marks & repeat(0x80))) / 8;
}

// How many bytes at the front are above `limit` (below 128), blanks and controls being below
// letters. A subtraction borrows from bytes further back only, where the answer is known already.
constexpr std::ptrdiff_t front_above(std::uint64_t word, std::uint8_t limit) {
    return first_marked((word - repeat(static_cast<std::uint8_t>(limit + 1))) & ~word);
}

// How many bytes at the front are decimal digits. A carry reaches bytes further back only.
constexpr std::ptrdiff_t front_digits(std::uint64_t word) {
    const std::uint64_t values = word ^ repeat('0');
    return first_marked((values + repeat(0x80 - 10)) | values);
}

constexpr bool all_digits(std::uint64_t word) {
    return front_digits(word) == size;
}

// The value of the first `count` bytes, decimal digits, 1 to 8 of them: moved behind zeros,
// neighbours are joined to pairs, pairs to fours, and these to one number.
constexpr std::uint64_t digits_value(std::uint64_t word, std::ptrdiff_t count) {
    std::uint64_t value = (word ^ repeat('0')) << (8 * (size - count));
    value = (value * 10 + (value >> 8)) & 0x00ff'00ff'00ff'00ff;
    value = (value * 100 + (value >> 16)) & 0x0000'ffff'0000'ffff;
    return (value * 10'000 + (value >> 32)) & 0xffff'ffff;
}

// The same of 1 to 4 bytes, in fewer steps.
constexpr std::uint32_t few_digits_value(std::uint64_t word, std::ptrdiff_t count) {
    auto value = static_cast<std::uint32_t>(word ^ repeat('0')) << (8 * (4 - count));
    value = (value * 10 + (value >> 8)) & 0x00ff'00ff;
    return (value * 100 + (value >> 16)) & 0xffff;
}

// Eight decimal digits of a number below 10^8: the same steps, backwards.
constexpr std::uint64_t eight_digits(std::uint32_t number) {
    const auto split = [](std::uint64_t value, std::uint64_t quotients, int by, int bits) {
        return quotients | ((value - quotients * static_cast<std::uint64_t>(by)) << bits);
    };
    std::uint64_t value = split(number, number / 10'000, 10'000, 32);
    value = split(value, ((value * 5243) >> 19) & repeat_each(0x7f, 32), 100, 16);
    value = split(value, ((value * 103) >> 10) & repeat_each(0x0f, 16), 10, 8);
    return value ^ repeat('0');
}

}  // namespace protocol::words
