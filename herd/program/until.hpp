#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace herd::program {

// When something is to end, as a person writes it, in seconds since 1970; 0 for "never". A time in
// UTC
// ("2027-01-31T12:00:00Z"), the beginning of a day ("2027-01-31"), or so long from now: "+30d",
// "+12h",
// "+90m", "+45s". Nothing, if it is none of these, or not after now, or beyond the year 9999.
std::optional<std::int64_t> parse_until(std::string_view text, std::int64_t now_s);

// "2027-01-31T12:00:00Z"; "never" for 0.
std::string show_until(std::int64_t until_s);

}  // namespace herd::program
