#include "protocol/json_text.hpp"

#include <cstdint>

namespace protocol {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

// How many bytes the character has that the text begins with, by RFC 3629; 0: it is none.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t at) -> std::uint8_t {
        return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0;
    };
    const auto goes_on = [&](std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; ++at) {
            if ((byte(at) & 0xc0) != 0x80) return false;
        }
        return true;
    };
    const std::uint8_t first = byte(0);
    const std::uint8_t second = byte(1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return goes_on(1, 2) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        // No longer than it must be, and no half of a surrogate pair.
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
        return goes_on(1, 3) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
        return goes_on(1, 4) ? 4 : 0;
    }
    return 0;
}

}  // namespace

void put_json_text(TextWriter& out, std::string_view text) {
    out.put('"');
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        const auto code = static_cast<std::uint8_t>(text.front());
        if (size == 0) {
            out.put(replacement);
        } else if (code == '"' || code == '\\') {
            out.put('\\');
            out.put(text.front());
        } else if (code < ' ') {
            out.put("\\u");
            out.put_hex(code, 4);
        } else {
            out.put(text.substr(0, size));
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out.put('"');
}

}  // namespace protocol
