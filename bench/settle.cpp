#include "bench/settle.hpp"

#include "bench/closed_loop.hpp"
#include "bench/commands.hpp"

#include <chrono>

namespace bench {

namespace {

// Of a server that stores some thousand a second.
constexpr reactor::Duration all_timeout = std::chrono::minutes(5);
constexpr std::uint32_t depth = 64;

}  // namespace

void settle(Session& session, const Target& target, std::size_t server, std::uint32_t clients) {
    ClosedLoop load(session,
                    target,
                    {server, settle_connections, depth},
                    Picker(clients, Picker::Order::in_turn),
                    reports(target.protocol, true));
    load.connect();
    load.start(clients);
    if (!session.run_until([&] { return load.answered() == clients; }, all_timeout) ||
        load.wrong() > 0) {
        throw CannotMeasure("not all clients could be stored");
    }
}

}  // namespace bench
