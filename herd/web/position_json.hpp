#pragma once

#include "protocol/at_line.hpp"
#include "protocol/text_writer.hpp"

#include <cstddef>
#include <string_view>

namespace herd::web {

// Where a client is, as a JSON object in one line:
//
//   {"client":"kiwi","latitude":34.068930,"longitude":-118.445127,"time":"1520023934.918963997",
//    "server":"Goloman","at":"AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.9"}
//
// Latitude and longitude are degrees with the decimals that were reported, the time seconds since
// 1970 as its text, so that no reader rounds it, `server` who took the report, and `at` its AT
// line. `line` is `at_line`, parsed.
void put_position(protocol::TextWriter& out,
                  std::string_view at_line,
                  const protocol::AtLine& line);

// All of it but `at`, without the braces around it.
void put_position_members(protocol::TextWriter& out, const protocol::AtLine& line);

// Bytes of it at most, of an AT line of that size.
constexpr std::size_t position_size_max(std::size_t line_size) {
    // Each part stands there twice, at worst as six bytes for one.
    return std::size_t{2} * 6 * line_size + 128;
}

}  // namespace herd::web
