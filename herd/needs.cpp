#include "herd/needs.hpp"

#include "herd/watch/status.hpp"
#include "protocol/at_line.hpp"
#include "protocol/peer_message.hpp"

#include <cassert>

namespace herd {

namespace {

// Listeners, epoll, log, signals and what libcurl and the C library hold.
constexpr std::uint32_t other_descriptors = 64;

}  // namespace

reactor::Loop::Limits loop_limits(const config::Config& config) {
    const auto servers = static_cast<std::uint32_t>(config.servers.size());
    return {.watches = config.limits.connections + config.limits.peer_connections + 2 * servers +
                       reactor::Loop::guests_max + other_descriptors,
            .timers = 2 * servers + config.limits.places_in_flight + other_descriptors};
}

std::uint64_t descriptors(const config::Config& config) {
    return std::uint64_t{config.limits.connections} + config.limits.peer_connections +
           config.servers.size() + std::uint64_t{2} * config.limits.places_in_flight +
           other_descriptors;
}

reactor::Wire::Limits wire_limits(const config::Limits& limits) {
    const std::size_t line_max = table_capacity(limits).long_line_size;
    constexpr std::size_t other_answers = std::size_t{256} << 10;
    const reactor::Wire::Limits wire{
        .send_size = limits.places_body_max + line_max + other_answers,
        .blocks = limits.blocks,
        .blocks_reserved = limits.blocks / 8,
    };
    // An unfinished line of a neighbour is refused before it fills the receive buffer.
    assert(line_max + protocol::peer_message_size_max < wire.receive_size);
    static_assert(watch::status_size_max < other_answers);
    return wire;
}

table::LocationTable::Capacity table_capacity(const config::Limits& limits) {
    return {.records = limits.clients,
            .long_lines = limits.long_records,
            .long_line_size = limits.line_max + std::uint32_t{protocol::at_line_surplus}};
}

}  // namespace herd
