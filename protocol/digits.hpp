#pragma once

#include "protocol/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace protocol {

constexpr bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

// Behind the decimal digits that stand from `at` on.
inline const char* skip_digits(const char* at, const char* end) {
    while (end - at >= words::size) {
        const std::ptrdiff_t more = words::front_digits(words::load(at));
        at += more;
        if (more < words::size) return at;
    }
    while (at != end && is_digit(*at)) ++at;
    return at;
}

struct Digits {
    const char* end;      // behind the last one
    std::uint64_t value;  // Meaningless when there are more than 19: it may not fit.
};

// The decimal digits that stand from `at` on.
inline Digits read_digits(const char* at, const char* end) {
    static constexpr std::array<std::uint64_t, words::size + 1> scale = {
        1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
    std::uint64_t value = 0;
    while (end - at >= words::size) {
        const std::uint64_t word = words::load(at);
        const std::ptrdiff_t more = words::front_digits(word);
        if (more == 0) return {at, value};
        value = value * scale[static_cast<std::size_t>(more)] + words::digits_value(word, more);
        at += more;
        if (more < words::size) return {at, value};
    }
    for (; at != end && is_digit(*at); ++at) {
        value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    return {at, value};
}

}  // namespace protocol
