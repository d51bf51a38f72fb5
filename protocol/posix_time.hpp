#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace protocol {

// A point in time: nanoseconds since 1970-01-01 00:00 UTC without leap seconds. Reaches from the
// year 1677 to 2262; never passes through a double, which would lose the last two digits.
struct PosixTime {
    std::int64_t nanoseconds;

    // clang-tidy 14 takes the 0 that such comparisons expand to for a pointer.
    friend constexpr auto operator<=>(const PosixTime&,
                                      const PosixTime&) = default;  // NOLINT(modernize-use-nullptr)
};

// Decimal seconds: at most one sign, one or more digits, and optionally a point with one to nine
// decimals. Nothing if it is not that or outside the range.
std::optional<PosixTime> parse_posix_time(std::string_view text);

// How many bytes such a time takes at the front of the text; 0 if none stands there. Sets `time`.
std::size_t read_posix_time(std::string_view text, PosixTime& time);

// The same in nanoseconds, except that the sign is obligatory: the skew of an AT line.
std::optional<std::int64_t> parse_skew(std::string_view text);

// The longest skew: sign, ten digits, point, nine decimals.
constexpr std::size_t skew_size_max = 21;

// Seconds with a sign and exactly nine decimals, as in "+0.263873386"; a view of `out`, which must
// hold `skew_size_max` bytes.
std::string_view format_skew(std::span<char> out, std::int64_t nanoseconds);

}  // namespace protocol
