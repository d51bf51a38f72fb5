#pragma once

#include "protocol/command.hpp"
#include "protocol/posix_time.hpp"
#include "protocol/server_name.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace protocol {

// What such a line begins with; the server's name is next.
inline constexpr std::string_view at_prefix = "AT ";

// "AT server skew client location time": what one server heard of one client. The texts are views
// into the line that was read, and are passed on byte for byte.
struct AtLine {
    std::string_view server;
    std::string_view skew_text;
    std::string_view client;
    std::string_view location;
    std::string_view time_text;
    PosixTime time;
    std::int64_t skew_ns;  // the server's clock minus the client's
    Spot spot = {};        // of the location
    // All of it, and its last three fields, as format_at writes them: where they stand in memory
    // like that. Both are empty otherwise; who changes a field empties them.
    std::string_view whole = {};
    std::string_view tail = {};
};

// How many bytes format_at needs at most for such an answer.
constexpr std::size_t at_line_size_max(std::string_view server, const IamAt& report) {
    constexpr std::size_t around = std::string_view("AT     ").size();
    return around + server.size() + skew_size_max + report.client.size() + report.location.size() +
           report.time_text.size();
}

// How much longer than an IAMAT its answer can be: that has a server's name and a skew more.
constexpr std::size_t at_line_surplus = std::string_view("AT     ").size() + server_name_size_max +
                                        skew_size_max - std::string_view("IAMAT   ").size();

// How many bytes format_at needs for it exactly.
constexpr std::size_t at_line_size(const AtLine& line) {
    constexpr std::size_t around = std::string_view("AT     ").size();
    return around + line.server.size() + line.skew_text.size() + line.client.size() +
           line.location.size() + line.time_text.size();
}

// How many bytes format_invalid needs for it exactly.
constexpr std::size_t invalid_size(std::string_view line) {
    return 2 + line.size();
}

// Writes the answer to an IAMAT, without a newline, into `out`, which must hold at_line_size_max
// and overlap none of the texts. The line returned views both: what was received where it still is,
// as what has just been written is slow to read.
AtLine write_at(std::span<char> out,
                std::string_view server,
                std::int64_t skew_ns,
                const IamAt& report);

// The five fields behind AT as they were read: hops are gone. `out` must hold at_line_size.
std::string_view format_at(std::span<char> out, const AtLine& line);

// The longest message for an old server, which reads this much of a connection and no more.
constexpr std::size_t legacy_message_size_max = 200;

// The AT line as an old server reads it: with the hop, who passes it on, behind it where there is
// room for that, and without a newline. Empty when the line alone is too long. `out` must hold
// legacy_message_size_max.
std::string_view format_legacy(std::span<char> out, std::string_view at_line, std::string_view hop);

// "? " and the line, unchanged. `out` must hold invalid_size.
std::string_view format_invalid(std::span<char> out, std::string_view line);

}  // namespace protocol
