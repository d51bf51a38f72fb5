#include "herd/program/refusal.hpp"

#include "herd/access/token.hpp"
#include "protocol/command.hpp"
#include "protocol/malformed.hpp"
#include "reactor/sys.hpp"

#include <variant>

namespace herd::program {

namespace {

std::string_view fault_of(protocol::Malformed reason) {
    using protocol::Malformed;
    switch (reason) {
        case Malformed::operand_count:
            return "it has too few words, or too many";
        case Malformed::location:
            return "its location is none, such as +34.0689-118.4451";
        case Malformed::time:
            return "its time is none, in seconds since 1970";
        case Malformed::radius:
            return "its radius is not from 0 to 50, in kilometres";
        case Malformed::bound:
            return "its last number is none that it may be: 0 to 20 of WHATSAT, to 1000 of NEARBY";
        case Malformed::unknown_command:
        case Malformed::number:
        case Malformed::name:
        case Malformed::skew:
            break;
    }
    return "no command begins so; herd-protocol(7), or docs/protocol.md, has them all";
}

// Of a longer one as much comes back as a line may have. Blanks at its end another program may
// drop.
bool is_too_long(const Refused& refused) {
    const std::string_view echo = refused.echo;
    if (echo.empty() || !refused.line.starts_with(echo)) return false;
    return refused.line.find_first_not_of(" \t\r\v\f", echo.size()) != std::string_view::npos;
}

// Of what has the right form, and may be said.
struct Hindrance {
    bool follows_most;  // Its connection has as many as one may have.

    std::string_view operator()(const protocol::IamAt&) const {
        return "its time is too far off (max_future_ms, ttl_s), or there is no room for its client "
               "(limits.clients, long_records, new_clients_per_s)";
    }
    std::string_view operator()(const protocol::WhatsAt&) const {
        return "nothing is known of that client, or not any more (ttl_s)";
    }
    std::string_view operator()(const protocol::Nearby&) const {
        return "nothing is known of that client, or there is no index (nearby), or too many search "
               "(limits.searches)";
    }
    std::string_view operator()(const protocol::Follow&) const {
        if (follows_most) {
            return "its connection follows as many as one may (limits.subscriptions_per_client)";
        }
        return "there are too many (limits.subscriptions, subscriptions_per_client), or there is "
               "no index (nearby)";
    }
    std::string_view operator()(const protocol::Unfollow&) const {
        return "nothing is followed under that number on this connection";
    }
    std::string_view operator()(const protocol::Sync&) const {
        return "a neighbour has not caught up (limits.sync_ms), or too many wait (limits.syncs)";
    }
    std::string_view operator()(const protocol::Auth& auth) const {
        const auto grant = access::claims(auth.token);
        if (grant && grant->expired(reactor::sys::wall_s())) {
            return "the token has expired: `herd token --for` makes another";
        }
        return "the token is not good, or not for that, or is nothing without TLS: "
               "`herd token --show -` says what it grants";
    }
};

// Whether the server may know of the client as soon as it has read its journal.
bool may_be_loading(const protocol::Command& command, const config::Config& config) {
    if (config.journal.folder.empty() || !config.journal.listen_first) return false;
    const auto* const nearby = std::get_if<protocol::Nearby>(&command);
    return std::holds_alternative<protocol::WhatsAt>(command) ||
           (nearby != nullptr && !nearby->client.empty());
}

// Of these the server wants to know who says them.
bool needs_token(const protocol::Command& command) {
    return !std::holds_alternative<protocol::Auth>(command) &&
           !std::holds_alternative<protocol::Sync>(command) &&
           !std::holds_alternative<protocol::Unfollow>(command);
}

}  // namespace

std::string reason_of_refusal(const Refused& refused, const config::Config& config) {
    if (is_too_long(refused)) {
        return "it has more than " + std::to_string(refused.echo.size()) +
               " bytes (limits.line_max)";
    }
    const auto command = protocol::parse_command(refused.line);
    if (!command) return std::string(fault_of(command.error()));
    const bool follows_most = refused.followed >= config.limits.subscriptions_per_client;
    std::string hindrance(std::visit(Hindrance{follows_most}, *command));
    if (may_be_loading(*command, config)) {
        hindrance += ", or it is still loading its journal (`herd status`)";
    }
    const bool open_to_all = config.access.secret_file.empty();
    if (open_to_all && std::holds_alternative<protocol::Auth>(*command)) {
        return "by this configuration the herd needs no token (no access.secret_file); or else " +
               hindrance;
    }
    if (open_to_all || !needs_token(*command)) return hindrance;
    if (!refused.has_token) return "clients need a token (--token-file)";
    return "its token does not grant that (`herd token --show -` says what it does), or " +
           hindrance;
}

}  // namespace herd::program
