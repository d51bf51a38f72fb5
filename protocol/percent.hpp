#pragma once

#include "protocol/text_writer.hpp"

#include <string_view>

namespace protocol {

// A text of somebody else's as a part of a field of the line protocol: what is not printable ASCII,
// blanks and `%` become %XX. So no two texts become one, and none is two fields or two lines.
inline void put_percent(TextWriter& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char byte : text) {
        if (byte > ' ' && byte <= '~' && byte != '%') {
            out.put(byte);
            continue;
        }
        const auto value = static_cast<unsigned char>(byte);
        out.put('%');
        out.put(digits[value >> 4]);
        out.put(digits[value & 15]);
    }
}

}  // namespace protocol
