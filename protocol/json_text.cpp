#include "protocol/json_text.hpp"

#include <cstdint>

namespace protocol {

namespace {

constexpr std::string_view replacement_text = "\xef\xbf\xbd";

// What characters begin with these first bytes: how long they are, and which second bytes they
// have. By RFC 3629: none is longer than it must be, half of a surrogate pair, or beyond U+10FFFF.
struct Shape {
    std::uint8_t first_min, first_max;
    std::uint8_t size;
    std::uint8_t second_min, second_max;
};
constexpr Shape shapes[] = {
    {0x00, 0x7f, 1, 0x80, 0xbf},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

bool has_shape(std::string_view text, const Shape& shape) {
    const auto between = [&](std::size_t at, std::uint8_t low, std::uint8_t high) {
        const auto byte = static_cast<std::uint8_t>(text[at]);
        return byte >= low && byte <= high;
    };
    if (text.size() < shape.size || !between(0, shape.first_min, shape.first_max)) return false;
    if (shape.size > 1 && !between(1, shape.second_min, shape.second_max)) return false;
    for (std::size_t at = 2; at < shape.size; ++at) {
        if (!between(at, 0x80, 0xbf)) return false;
    }
    return true;
}

// How many bytes the character has that the text begins with; 0: it is none.
std::size_t character_size(std::string_view text) {
    for (const Shape& shape : shapes) {
        if (has_shape(text, shape)) return shape.size;
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
            out.put(replacement_text);
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
