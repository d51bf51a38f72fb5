#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace herd::web {

// The IAMAT line, a view of `out`, of a report that came as a JSON object:
//
//   {"client": "kiwi", "latitude": 34.06893, "longitude": -118.445127, "time": 1520023934.918}
//
// Latitude and longitude are degrees, the time seconds since 1970, or now (`now_ns`) where it is
// left out; each a number or a text of one. All their decimals are kept, but of a time those behind
// the ninth. The line need not be a valid one; but it has as many fields as it should have. Else a
// clause for people says what is wrong. The body is decoded in place; behind it,
// json_body_padding bytes more are overwritten.
std::expected<std::string_view, std::string_view> line_of_json(std::span<char> body,
                                                               std::int64_t now_ns,
                                                               std::span<char> out);

// So far behind the end RapidJSON looks for the rest of a character that is cut there.
inline constexpr std::size_t json_body_padding = 4;

// How many bytes such a line may have, beyond those of the body that it came in.
inline constexpr std::size_t line_of_json_surplus = 256;

}  // namespace herd::web
