#pragma once

#include "protocol/digits.hpp"

namespace protocol {

// The value of a hexadecimal digit, in either case; negative: it is none.
constexpr int hex_value(char byte) {
    if (is_digit(byte)) return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

}  // namespace protocol
