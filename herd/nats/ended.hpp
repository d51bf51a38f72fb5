#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::nats {

// Why a connection to a broker has ended, or none has come of a try.
enum class Ended : std::uint8_t {
    lost,           // by the broker or the network
    silent,         // nothing came for too long
    stalled,        // it read nothing for too long
    late,           // it did not say in time who it is, or whether it takes us
    nonsense,       // what came is not what a broker says
    no_tls,         // it wants TLS and we do not, or the other way round
    unshaken,       // the handshake was refused, by either side, or what came was not sealed
    denied,         // it does not know us, or not any more
    stale,          // it has missed our answers
    slow_consumer,  // it says that we read too slowly
    too_long,       // it says that what we said was too long
    refused,        // it says so for another reason
    lame_duck,      // it asked us to go elsewhere
    no_room,        // our loop is full
    stopped,        // by our owner
};
inline constexpr std::size_t endings = 15;

constexpr std::string_view to_text(Ended why) {
    constexpr std::array<std::string_view, endings> texts = {
        "lost",
        "silent",
        "stalled",
        "late",
        "nonsense",
        "no_tls",
        "unshaken",
        "denied",
        "stale",
        "slow_consumer",
        "too_long",
        "refused",
        "lame_duck",
        "no_room",
        "stopped",
    };
    return texts[static_cast<std::size_t>(why)];
}

// What a connection has seen since its owner made it; a number never falls.
struct Counters {
    std::uint64_t connected = 0;  // to an address
    std::uint64_t logins = 0;     // of these, taken by the broker
    std::uint64_t published = 0;
    std::uint64_t held_back = 0;   // publications refused for what was unsent
    std::uint64_t unsendable = 0;  // that a broker would misread, or end the connection for
    std::uint64_t delivered = 0;
    std::uint64_t too_long = 0;  // deliveries that were passed over
    std::uint64_t strays = 0;    // deliveries that nobody waits for any more
    std::uint64_t requests = 0;
    std::uint64_t requests_full = 0;    // not made, as there were as many as there may be
    std::uint64_t requests_late = 0;    // not answered in time
    std::uint64_t requests_nobody = 0;  // nobody is there to answer
    std::uint64_t requests_lost = 0;    // whose connection ended
    std::uint64_t permissions = 0;      // subjects that the broker did not let us use
    std::uint64_t errors = 0;           // other -ERR behind which the connection goes on
    std::array<std::uint64_t, endings> ended{};

    std::uint64_t of(Ended why) const { return ended[static_cast<std::size_t>(why)]; }
};

}  // namespace herd::nats
