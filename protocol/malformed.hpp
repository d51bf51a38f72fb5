#pragma once

#include <cstdint>
#include <string_view>

namespace protocol {

// Why a line is not a command or a peer message: the first thing found wrong with it.
enum class Malformed : std::uint8_t {
    unknown_command,
    operand_count,
    location,
    time,
    radius,
    bound,
    name,
    skew,
    number,
};

// One lower-case word for logs and counters.
constexpr std::string_view to_text(Malformed reason) {
    switch (reason) {
        case Malformed::unknown_command:
            return "unknown_command";
        case Malformed::operand_count:
            return "operand_count";
        case Malformed::location:
            return "location";
        case Malformed::time:
            return "time";
        case Malformed::radius:
            return "radius";
        case Malformed::bound:
            return "bound";
        case Malformed::name:
            return "name";
        case Malformed::skew:
            return "skew";
        case Malformed::number:
            return "number";
    }
    return "";
}

}  // namespace protocol
