#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// How a journal stands in its file: lines `<crc> <text>`, where crc is the text's CRC-32 (zlib's)
// in 8 digits of lower-case hexadecimal. The first text is "HERD-JOURNAL 1 <server>", every other
// an AT line. Behind the first, between lines, there may be zeros: a hole, where lines were that
// others have replaced.
namespace herd::journal {

// What a line has beside its text: the crc, a blank and the newline.
inline constexpr std::size_t frame_size = 10;
inline constexpr std::string_view title_mark = "HERD-JOURNAL 1 ";

// The line of a text without a newline; a view of `out`, which must hold its size and the frame's.
std::string_view format_line(std::span<char> out, std::string_view text);

// The first line of the journal of that server.
std::string format_title(std::string_view server);

struct Line {
    enum class Kind : std::uint8_t {
        good,
        cut,   // it has no end
        torn,  // it is not what was written
    };
    Kind kind;
    std::string_view text;  // of a good one; a view of what was read
    std::size_t size;       // of one that has an end, with its frame
};

// The line at the front of these bytes.
Line read_line(std::string_view bytes);

}  // namespace herd::journal
