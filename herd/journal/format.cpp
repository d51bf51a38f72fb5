#include "herd/journal/format.hpp"

#include <cassert>
#include <cstring>

#include <libdeflate.h>

namespace herd::journal {

namespace {

constexpr std::size_t crc_size = 8;
constexpr std::size_t text_at = crc_size + 1;
static_assert(text_at + 1 == frame_size);

void put_crc(char* out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto crc = libdeflate_crc32(0, text.data(), text.size());
    for (std::size_t i = crc_size; i-- > 0; crc >>= 4) out[i] = digits[crc & 15];
    out[crc_size] = ' ';
}

}  // namespace

std::string_view format_line(std::span<char> out, std::string_view text) {
    assert(out.size() >= text.size() + frame_size);
    put_crc(out.data(), text);
    std::memcpy(out.data() + text_at, text.data(), text.size());
    out[text_at + text.size()] = '\n';
    return {out.data(), text.size() + frame_size};
}

std::string format_title(std::string_view server) {
    assert(!server.empty());
    const std::string text = std::string(title_mark) + std::string(server);
    std::string line(text.size() + frame_size, '\0');
    format_line(line, text);
    return line;
}

Line read_line(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return {Line::Kind::cut, {}, 0};
    if (end < text_at) return {Line::Kind::torn, {}, end + 1};
    const std::string_view text = bytes.substr(text_at, end - text_at);
    assert(text.size() + frame_size == end + 1);
    char expected[text_at];
    put_crc(expected, text);
    if (std::memcmp(expected, bytes.data(), text_at) != 0) {
        return {Line::Kind::torn, {}, end + 1};
    }
    return {Line::Kind::good, text, end + 1};
}

}  // namespace herd::journal
