#pragma once

#include "protocol/posix_time.hpp"
#include "protocol/text_writer.hpp"

#include <optional>
#include <string_view>

namespace protocol {

// A point in time in any of the forms in which programs write one, with blanks around it or none:
//
//   1787918400, 1787918400123, 1.7879184e9     since 1970: seconds, or by its size milliseconds,
//                                              microseconds or nanoseconds, with decimals or none
//   2026-08-28T12:00:00.123Z, 2026-08-28 14:00:00+02:00      ISO 8601; decimals of a second, or its
//                                              seconds, may be left out
//
// A zone is Z, +hh:mm or +hhmm, where in a query the plus may have become a blank; without one it
// is UTC. What stands behind the ninth decimal is cut off. Nothing, if the text is none of that, no
// such time exists, or a PosixTime does not reach it.
std::optional<PosixTime> parse_any_time(std::string_view text);

// As decimal seconds, in the one shortest form: so a time has one text, however it came. Not of a
// time before 1970.
void put_seconds(TextWriter& out, PosixTime time);

}  // namespace protocol
