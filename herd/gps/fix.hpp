#pragma once

#include "protocol/posix_time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::gps {

// Where a receiver says that it was, and when: after 1970, and on the earth.
struct Fix {
    protocol::PosixTime time;
    std::int64_t latitude;  // in units of 1/protocol::degree
    std::int64_t longitude;
};

// What a line of gpsd's says of that: it is an object of class TPV with a mode of 2 or more, that
// is a place, and `time`, `lat` and `lon`. Nothing: it is anything else. gpsd tells the mode before
// it knows a place, a time without a place, and after a cold start a place without a time.
std::optional<Fix> read_fix(std::string_view line);

// The same as a report of that client, without a newline; a view of `out`, which must hold
// report_size_max(id).
constexpr std::size_t report_size_max(std::string_view id) {
    return id.size() + 64;
}
std::string_view write_report(std::span<char> out, std::string_view id, const Fix& fix);

}  // namespace herd::gps
