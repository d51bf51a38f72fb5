#pragma once

#include "herd/table/location_table.hpp"
#include "protocol/at_line.hpp"
#include "protocol/peer_message.hpp"

#include <cassert>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

// What the simulation knows of clients and lines, written down a second time: not by the rules that
// it tries.
namespace sim {

// The greatest stamp that there is.
inline constexpr const char* far_stamp = "9223372036.854775807";

// Clients are numbered: "c3", or with a long name "c3-xxx...".
inline std::string name_of(std::uint32_t client, bool long_names) {
    std::string name = "c" + std::to_string(client);
    if (long_names && client % 2 == 1) name += "-" + std::string(80, 'x');
    return name;
}

inline std::uint32_t client_of(std::string_view name) {
    std::uint32_t client = UINT32_MAX;
    if (name.starts_with("c")) {
        std::from_chars(name.data() + 1, name.data() + name.size(), client);
    }
    return client;
}

// Of a good AT line.
inline protocol::AtLine parse_at(std::string_view line) {
    const auto message = protocol::parse_peer_message(line);
    assert(message.has_value());
    return std::get<protocol::AtLine>(*message);
}

// A stamp counts as far ahead of the clock of the server that took it as this, and no more.
inline constexpr std::int64_t slack_ns = 60'000'000'000;

// When a report counts as made: at its stamp, unless that is too far ahead. Ends at what 64 bits
// hold.
inline std::int64_t effective_ns(const protocol::AtLine& at) {
    const std::int64_t stamp = at.time.nanoseconds;
    if (at.skew_ns > -slack_ns) return stamp;
    std::int64_t latest = 0;
    if (__builtin_add_overflow(stamp, at.skew_ns + slack_ns, &latest)) return INT64_MIN;
    return latest;
}

// What a line says, in the order in which versions go.
using Said = std::tuple<std::int64_t,
                        std::int64_t,
                        std::string_view,
                        std::string_view,
                        std::string_view,
                        std::string_view>;
inline Said version_of(const protocol::AtLine& at) {
    return {
        effective_ns(at), at.time.nanoseconds, at.location, at.server, at.skew_text, at.time_text};
}
inline Said version_of(std::string_view line) {
    return version_of(parse_at(line));
}
inline Said version_of(const herd::table::LocationTable& table, const herd::table::Record& record) {
    return version_of(table.line(record));
}

// The order that all servers must decide by.
inline bool older(const Said& one, const Said& other) {
    return one < other;
}

// What a client's report is ordered by where it comes in: the same said again is nothing new.
inline bool older_report(const Said& one, const Said& other) {
    const auto report = [](const Said& said) {
        return std::tuple(std::get<0>(said), std::get<1>(said), std::get<2>(said));
    };
    return report(one) < report(other);
}

}  // namespace sim
