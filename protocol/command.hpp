#pragma once

#include "protocol/malformed.hpp"
#include "protocol/posix_time.hpp"

#include <cstdint>
#include <expected>
#include <string_view>
#include <variant>

namespace protocol {

constexpr std::uint32_t radius_mm_max = 50'000'000;
constexpr std::uint32_t bound_max = 20;

// "IAMAT client location time": a client tells where it was and when. The texts are as sent, the
// location in valid ISO 6709.
struct IamAt {
    std::string_view client;
    std::string_view location;
    std::string_view time_text;
    PosixTime time;
};

// "WHATSAT client radius bound": what is around that client.
struct WhatsAt {
    std::string_view client;
    std::uint32_t
        radius_mm;        // at most radius_mm_max; what is sent in kilometres, cut to millimetres
    std::uint32_t bound;  // at most bound_max; how many places to tell
};

using Command = std::variant<IamAt, WhatsAt>;

// Reads one line of a client, with or without white space around it. The views in the command
// point into the line.
std::expected<Command, Malformed> parse_command(std::string_view line);

}  // namespace protocol
