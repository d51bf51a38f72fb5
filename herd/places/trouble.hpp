#pragma once

#include "protocol/places_json.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::places {

// Why a lookup has no places to show: what went wrong with the question here, on its way, or there.
enum class Trouble : std::uint8_t {
    busy,         // too many lookups wait here already
    timed_out,    // no answer within the lookup's deadline
    unreachable,  // no connection
    untrusted,    // the service's certificate does not prove who it is
    broken_off,   // the connection ended before the answer did
    malformed,    // an answer, but not one of the Places service
    too_large,    // an answer beyond the limit
    failing,      // HTTP 5xx
    unknown,      // UNKNOWN_ERROR
    invalid,      // the service calls our request wrong
    denied,       // the service does not accept our key
    over_limit,   // our quota at the service is used up
    over_budget,  // what we allow ourselves is used up
    internal,     // libcurl is out of memory, or the like
};
inline constexpr std::size_t trouble_kinds = 14;

struct TroubleFacts {
    std::string_view name;     // one word, for logs and counters
    std::string_view message;  // a sentence, for the client; names neither URL nor key
    protocol::PlacesStatus status;
    bool worth_retry;
};

const TroubleFacts& facts(Trouble trouble);

// Of each kind, in their order.
inline std::string_view trouble_name(std::size_t kind) {
    return facts(static_cast<Trouble>(kind)).name;
}

}  // namespace herd::places
