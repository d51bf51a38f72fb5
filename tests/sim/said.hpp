#pragma once

#include "herd/table/version.hpp"
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

inline herd::table::Version version_of(const protocol::AtLine& at) {
    return {at.time.nanoseconds, at.location, at.server, at.skew_text, at.time_text};
}

// The order that all servers must decide by.
inline bool older(const herd::table::Version& one, const herd::table::Version& other) {
    if (one.time_ns != other.time_ns) return one.time_ns < other.time_ns;
    return std::tie(one.location, one.server, one.skew_text, one.time_text) <
           std::tie(other.location, other.server, other.skew_text, other.time_text);
}

// What a client's report is ordered by where it comes in: the same said again is nothing new.
inline bool older_report(const herd::table::Version& one, const herd::table::Version& other) {
    if (one.time_ns != other.time_ns) return one.time_ns < other.time_ns;
    return one.location < other.location;
}

}  // namespace sim
