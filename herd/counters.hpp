#pragma once

#include <cstdint>

namespace herd {

// What a server has seen since its start. Every limit has one that counts how often it has bitten.
struct Counters {
    std::uint64_t iamat = 0;       // valid reports of clients
    std::uint64_t iamat_old = 0;   // of these, not newer than what was stored
    std::uint64_t whatsat = 0;     // valid questions
    std::uint64_t sync = 0;        // valid SYNCs
    std::uint64_t invalid = 0;     // commands answered with "?"
    std::uint64_t relayed = 0;     // records of neighbours that were newer
    std::uint64_t duplicates = 0;  // and those that were not
    std::uint64_t records_sent = 0;
    std::uint64_t buckets_divergent = 0;  // of a neighbour's digest; see comparison.hpp
    std::uint64_t records_repaired = 0;   // sent again because of that

    std::uint64_t clients_accepted = 0;
    std::uint64_t clients_evicted = 0;    // idle, to make room (limits.connections)
    std::uint64_t clients_waited = 0;     // times that accepting stopped for want of room
    std::uint64_t lines_too_long = 0;     // limits.line_max
    std::uint64_t silent_at_first = 0;    // limits.first_line_ms
    std::uint64_t slow_lines = 0;         // limits.rest_of_line_ms
    std::uint64_t idle = 0;               // limits.idle_ms
    std::uint64_t slow_readers = 0;       // limits.drain_ms
    std::uint64_t lingered = 0;           // limits.linger_ms
    std::uint64_t table_full = 0;         // limits.clients
    std::uint64_t long_records_full = 0;  // limits.long_records
    std::uint64_t future_stamps = 0;      // max_future_ms
    std::uint64_t syncs_refused = 0;      // limits.syncs wait already
    std::uint64_t syncs_late = 0;         // limits.sync_ms
    std::uint64_t places_refused = 0;     // limits.connections waiters already
    std::uint64_t peers_refused = 0;      // strangers, wrong versions
    std::uint64_t peers_waited = 0;       // times that limits.peer_connections was reached
    std::uint64_t peer_lines_bad = 0;     // lines of neighbours that were none
    std::uint64_t links_silent = 0;       // neighbours given up for their silence
    std::uint64_t legacy_too_long = 0;    // records that do not fit an old server's messages
    std::uint64_t journal_failures = 0;   // of writing, syncing, opening
    std::uint64_t journal_renewals = 0;   // times that a new file took the old one's place
};

}  // namespace herd
