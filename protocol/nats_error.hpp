#pragma once

#include <cstdint>
#include <string_view>

namespace protocol::nats {

// What a broker's -ERR is about. Behind most of them it ends the connection.
enum class ErrorKind : std::uint8_t {
    denied,         // who we are: a user, a password, a token, and since when they are no good
    stale,          // we have not answered its PINGs
    permission,     // a subject that we may not publish on or subscribe to; nothing ends
    slow_consumer,  // we have not read
    tls_required,
    too_long,     // a line or a message of ours
    full,         // as many connections as it takes
    unsupported,  // more subscriptions than it takes, or a subject that is none; nothing ends
    shutdown,
    nonsense,  // what we said
    other,     // unknown: it may end the connection, or not
};

ErrorKind kind_of_error(std::string_view text);
// One lower-case word for logs.
std::string_view to_text(ErrorKind kind);

// Whether the connection is of no use behind it.
constexpr bool ends_connection(ErrorKind kind) {
    return kind != ErrorKind::permission && kind != ErrorKind::unsupported &&
           kind != ErrorKind::other;
}

}  // namespace protocol::nats
