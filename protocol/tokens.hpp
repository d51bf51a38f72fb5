#pragma once

#include <string_view>

namespace protocol {

// White space is these six bytes and no others: NUL, NEL and NBSP belong to a field.
constexpr bool is_space(char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

constexpr bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

// The fields of a line, one after the other. All views point into the line and live as long as it.
class Tokens {
public:
    constexpr explicit Tokens(std::string_view line) : rest_(line) {}

    // The next field; empty behind the last one, which no field is.
    constexpr std::string_view next() {
        skip_space();
        std::size_t size = 0;
        while (size < rest_.size() && !is_space(rest_[size])) ++size;
        const std::string_view field = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return field;
    }

    // All that stands behind the last field taken, without the white space around it.
    constexpr std::string_view rest() {
        skip_space();
        std::size_t size = rest_.size();
        while (size > 0 && is_space(rest_[size - 1])) --size;
        return rest_.substr(0, size);
    }

private:
    constexpr void skip_space() {
        std::size_t size = 0;
        while (size < rest_.size() && is_space(rest_[size])) ++size;
        rest_.remove_prefix(size);
    }

    std::string_view rest_;  // not yet taken
};

}  // namespace protocol
