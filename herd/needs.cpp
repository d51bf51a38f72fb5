#include "herd/needs.hpp"

#include "herd/bridge/bucket_link.hpp"
#include "herd/clients/clients.hpp"
#include "herd/datagrams/port.hpp"
#include "herd/geo/key_tree.hpp"
#include "herd/journal/disk.hpp"
#include "herd/journal/format.hpp"
#include "herd/links/neighbours.hpp"
#include "herd/log.hpp"
#include "herd/ops/family.hpp"
#include "herd/ops/operations.hpp"
#include "herd/phones/check_page.hpp"
#include "herd/phones/friends.hpp"
#include "herd/phones/phones.hpp"
#include "herd/places/lookup.hpp"
#include "herd/table/client_index.hpp"
#include "herd/table/families.hpp"
#include "herd/table/record.hpp"
#include "herd/watch/status.hpp"
#include "herd/web/nearby_service.hpp"
#include "herd/web/position_json.hpp"
#include "protocol/at_line.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/blocks.hpp"
#include "reactor/loop.hpp"
#include "reactor/seal.hpp"
#include "reactor/slab.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace herd {

namespace {

// Listeners, epoll, log, signals and what libcurl and the C library hold.
constexpr std::uint32_t other_descriptors = 64;

// Connections that have not shown a whole record yet cost a slot each.
constexpr std::uint32_t handshake_slots = 1024;

// What OpenSSL 3.0 takes of memory: for a connection that is idle (13.7 KB), for the certificates
// of who has shown some, while it shakes hands, and for certificates and contexts.
constexpr std::uint64_t channel_memory = 14'500;
constexpr std::uint64_t proof_memory = 10'000;
constexpr std::uint64_t handshake_memory = std::uint64_t{48} << 10;
constexpr std::uint64_t context_memory = std::uint64_t{1} << 20;

// A bridge dials brokers with TLS, as servers do that have keys.
bool seals_brokers(const config::Config& config) {
    return config.has_bridge() && config.bridge.is_sealed();
}

std::uint32_t shaking_connections(const config::Config& config) {
    if (!config.keys.empty()) return handshake_slots;
    return seals_brokers(config) ? 1 : 0;
}

std::uint32_t line_max(const config::Limits& limits) {
    return limits.line_max + std::uint32_t{protocol::at_line_surplus};
}

// A lookup in flight has what comes from libcurl, and what is made of it.
std::uint64_t places_memory(const config::Limits& limits) {
    assert(limits.places_in_flight > 0);
    assert(limits.places_in_flight <= config::places_in_flight_max);
    const std::uint64_t lookups = std::uint64_t{limits.places_in_flight} + limits.places_queue;
    return limits.connections * reactor::Slab<places::Waiter>::slot_size +
           lookups * reactor::Slab<places::Lookup>::slot_size +
           std::bit_ceil(lookups) * sizeof(void*) +
           std::uint64_t{2} * limits.places_in_flight * limits.places_body_max;
}

bool has_http(const config::Config& config) {
    return std::ranges::any_of(config.servers, &config::Server::has_http);
}

std::uint32_t http_connections(const config::Config& config) {
    return has_http(config) ? config.limits.http_connections : 0;
}

bool has_phones(const config::Config& config) {
    return std::ranges::any_of(config.servers, &config::Server::has_phones);
}

// Whether the answers to phones may tell of others: of no others without tokens, that say so.
bool tells_friends(const config::Config& config) {
    return has_phones(config) && !config.access.secret_file.empty();
}

bool has_udp(const config::Config& config) {
    return std::ranges::any_of(config.servers,
                               [](const auto& server) { return server.udp.has_value(); });
}

std::uint32_t phone_connections(const config::Config& config) {
    return has_phones(config) ? config.limits.phone_connections : 0;
}

// What answers over HTTP have beside those of lines.
std::size_t http_answer_size(const config::Config& config) {
    return has_http(config) ? web::position_size_max(line_max(config.limits)) : 0;
}

std::uint64_t access_memory(const config::Config& config) {
    if (config.access.secret_file.empty()) return 0;
    return clients::Admissions::memory_max(config.limits);
}

// Shared by all connections: to receive, to send, for the log. Most have a size of
// their own, beside an answer or some lines of any length.
std::uint64_t buffers_memory(const config::Config& config) {
    const config::Limits& limits = config.limits;
    constexpr std::uint64_t fixed = std::uint64_t{576} << 10;
    return fixed + limits.places_body_max + std::uint64_t{3} * line_max(limits) +
           http_answer_size(config) + Log::memory(config.log.wire);
}

std::uint64_t journal_memory(const config::Config& config) {
    if (config.journal.folder.empty()) return 0;
    return journal::Disk::memory(line_max(config.limits) + journal::frame_size,
                                 config.journal.pace.batch,
                                 config.limits.clients);
}

std::uint64_t bridge_memory(const config::Config& config) {
    if (!config.has_bridge()) return 0;
    const std::uint64_t memory = bridge::BucketLink::memory_max(config);
    if (!seals_brokers(config) || !config.keys.empty()) return memory;
    const reactor::Wire::Limits wire = wire_limits(config);
    return memory + handshake_memory + context_memory + channel_memory + wire.receive_size +
           wire.send_size + wire.watches * sizeof(reactor::SealPtr);
}

}  // namespace

reactor::Loop::Limits loop_limits(const config::Config& config) {
    assert(config.servers.size() <= config::servers_max);
    const auto servers = static_cast<std::uint32_t>(config.servers.size());
    using bridge::BucketLink;
    return {.watches = BucketLink::watches_max + config.limits.connections +
                       config.limits.peer_connections + 2 * servers + http_connections(config) +
                       phone_connections(config) + shaking_connections(config) +
                       reactor::Loop::guests_max + other_descriptors,
            .timers = BucketLink::timers_max + 2 * servers + config.limits.places_in_flight +
                      other_descriptors};
}

std::uint64_t descriptors(const config::Config& config) {
    return std::uint64_t{config.limits.connections} + config.limits.peer_connections +
           config.servers.size() + bridge::BucketLink::watches_max +
           std::uint64_t{2} * config.limits.places_in_flight + http_connections(config) +
           phone_connections(config) + shaking_connections(config) + other_descriptors;
}

reactor::Handshakes::Limits handshake_limits(const config::Limits& limits) {
    return {.slots = handshake_slots,
            .shaking = limits.handshakes,
            .whole = std::chrono::milliseconds(limits.handshake_ms)};
}

reactor::Wire::Limits wire_limits(const config::Config& config) {
    const config::Limits& limits = config.limits;
    constexpr std::size_t other_answers = std::size_t{256} << 10;
    const reactor::Wire::Limits wire{
        .send_size = std::size_t{limits.places_body_max} + line_max(limits) + other_answers +
                     http_answer_size(config),
        .blocks = limits.blocks,
        .blocks_reserved = limits.blocks / 8,
        .watches = config.keys.empty() && !seals_brokers(config) ? 0 : loop_limits(config).watches,
    };
    // An unfinished line of a neighbour is refused before it fills the receive buffer.
    assert(wire.blocks_reserved < wire.blocks);
    assert(line_max(limits) + protocol::peer_message_size_max < wire.receive_size);
    static_assert(watch::status_size_max < other_answers);
    static_assert(ops::metrics_size_max + http::answer_head_size_max < other_answers);
    static_assert(web::NearbyService::body_max + http::answer_head_size_max < other_answers);
    static_assert(phones::Friends::size_max + http::answer_head_size_max < other_answers);
    static_assert(phones::CheckPage::size_max + http::answer_head_size_max < other_answers);
    return wire;
}

table::LocationTable::Capacity table_capacity(const config::Config& config) {
    const config::Limits& limits = config.limits;
    assert(limits.clients > 0);
    assert(line_max(limits) <= UINT16_MAX);
    return {.records = limits.clients,
            .long_lines = limits.long_records,
            .long_line_size = line_max(limits),
            .reserve = limits.clients / 4,
            .positions = config.nearby,
            .families = tells_friends(config)};
}

std::uint64_t table_memory(const config::Config& config) {
    const config::Limits& limits = config.limits;
    return limits.clients * sizeof(table::Record) + table::ClientIndex::size_max(limits.clients) +
           (config.nearby ? geo::KeyTree::size_max(limits.clients) : 0) +
           (tells_friends(config) ? table::Families::size_max(limits.clients) : 0) +
           (limits.long_records + 1) * (line_max(limits) + sizeof(std::uint32_t));
}

std::uint64_t journal_room(const config::Config& config) {
    const config::Limits& limits = config.limits;
    const std::uint64_t lines =
        limits.clients * (table::Record::inline_size_max + journal::frame_size) +
        limits.long_records * (line_max(limits) + journal::frame_size);
    return 3 * lines + 2 * config.journal.pace.slack;
}

std::uint64_t memory_ceiling(const config::Config& config) {
    const config::Limits& limits = config.limits;
    const auto loop = loop_limits(config);
    const std::uint64_t blocks =
        limits.blocks * (reactor::BlockPool::block_size + sizeof(reactor::BlockPool::Extent) +
                         sizeof(std::uint32_t));
    return table_memory(config) + blocks + clients::Clients::memory_max(config) +
           (has_http(config) ? ops::Operations::memory_max(config) : 0) +
           (has_phones(config) ? phones::Phones::memory_max(limits) : 0) +
           (has_udp(config) ? datagrams::Port::memory_max() : 0) + access_memory(config) +
           journal_memory(config) + bridge_memory(config) + links::Neighbours::memory_max(config) +
           places_memory(limits) + loop.watches * reactor::Loop::watch_size +
           loop.timers * sizeof(void*) + buffers_memory(config) + tls_memory(config);
}

std::uint64_t tls_memory(const config::Config& config) {
    if (config.keys.empty()) return 0;
    const config::Limits& limits = config.limits;
    const reactor::Wire::Limits wire = wire_limits(config);
    const std::uint64_t proven = std::min<std::uint64_t>(
        limits.tls_connections, limits.peer_connections + config.servers.size());
    const std::uint64_t buffers = wire.receive_size + wire.send_size;
    return limits.tls_connections * channel_memory + proven * proof_memory +
           limits.handshakes * handshake_memory + wire.watches * sizeof(reactor::SealPtr) +
           buffers + context_memory;
}

}  // namespace herd
