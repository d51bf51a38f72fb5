#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::http {

inline constexpr std::string_view json_type = "application/json; charset=UTF-8";
inline constexpr std::string_view html_type = "text/html; charset=UTF-8";
inline constexpr std::string_view text_type = "text/plain; charset=UTF-8";
// A header line, with what holds for now only.
inline constexpr std::string_view no_store = "Cache-Control: no-store\r\n";

// What goes back for a request, but for what its connection decides. Views for the length of a
// call.
struct Answer {
    unsigned status = 200;
    std::string_view type = text_type;  // of the body
    std::string_view extra = {};        // whole header lines, each with its CRLF
    std::string_view body = {};
};

// How the end of a body is found.
struct Framing {
    enum class By : std::uint8_t { size, chunks, end };

    By by = By::size;
    std::size_t size = 0;
    bool last = false;  // The connection ends behind it. By its end: always.
};

// The status line and the headers of an answer; a view of `out`, which has room for
// answer_head_size_max bytes. What an answer says of type and extra fits.
inline constexpr std::size_t answer_head_size_max = 1024;
std::string_view write_head(std::span<char> out, const Answer& answer, const Framing& framing);

// The words that go with a status in its line.
std::string_view reason_phrase(unsigned status);

}  // namespace herd::http
