#include "protocol/nats_error.hpp"

#include "protocol/letters.hpp"

#include <array>

namespace protocol::nats {

namespace {

struct Beginning {
    std::string_view text;
    ErrorKind kind;
};
// As servers from 2.0 on say them; their letters have been large and small.
constexpr std::array beginnings = {
    Beginning{"authorization violation", ErrorKind::denied},
    Beginning{"authorization timeout", ErrorKind::denied},
    Beginning{"authentication timeout", ErrorKind::denied},
    Beginning{"authentication expired", ErrorKind::denied},
    Beginning{"user authentication", ErrorKind::denied},
    Beginning{"account authentication", ErrorKind::denied},
    Beginning{"stale connection", ErrorKind::stale},
    Beginning{"permissions violation", ErrorKind::permission},
    Beginning{"slow consumer", ErrorKind::slow_consumer},
    Beginning{"secure connection", ErrorKind::tls_required},
    Beginning{"maximum control line", ErrorKind::too_long},
    Beginning{"maximum payload", ErrorKind::too_long},
    Beginning{"message header size", ErrorKind::too_long},
    Beginning{"maximum connections", ErrorKind::full},
    Beginning{"maximum account active connections", ErrorKind::full},
    Beginning{"maximum subscriptions", ErrorKind::unsupported},
    Beginning{"invalid subject", ErrorKind::unsupported},
    Beginning{"invalid publish subject", ErrorKind::unsupported},
    Beginning{"message headers not supported", ErrorKind::unsupported},
    Beginning{"server shutdown", ErrorKind::shutdown},
    Beginning{"unknown protocol operation", ErrorKind::nonsense},
    Beginning{"parser error", ErrorKind::nonsense},
    Beginning{"invalid client protocol", ErrorKind::nonsense},
    Beginning{"attempted to connect to", ErrorKind::nonsense},
};

}  // namespace

ErrorKind kind_of_error(std::string_view text) {
    for (const Beginning& each : beginnings) {
        if (begins_like(text, each.text)) return each.kind;
    }
    return ErrorKind::other;
}

std::string_view to_text(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::denied:
            return "denied";
        case ErrorKind::stale:
            return "stale";
        case ErrorKind::permission:
            return "permission";
        case ErrorKind::slow_consumer:
            return "slow_consumer";
        case ErrorKind::tls_required:
            return "tls_required";
        case ErrorKind::too_long:
            return "too_long";
        case ErrorKind::full:
            return "full";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::shutdown:
            return "shutdown";
        case ErrorKind::nonsense:
            return "nonsense";
        case ErrorKind::other:
            return "other";
    }
    return "";
}

}  // namespace protocol::nats
