#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace herd::watch {

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
    std::uint64_t expired_stamps = 0;     // ttl_s: reports that came too late
    std::uint64_t records_expired = 0;    // and those that were forgotten
    std::uint64_t syncs_refused = 0;      // limits.syncs wait already
    std::uint64_t syncs_late = 0;         // limits.sync_ms
    std::uint64_t places_refused = 0;     // limits.connections waiters already
    std::uint64_t peers_refused = 0;      // strangers, wrong versions
    std::uint64_t peers_waited = 0;       // times that limits.peer_connections was reached
    std::uint64_t peer_lines_bad = 0;     // lines of neighbours that were none
    std::uint64_t links_silent = 0;       // neighbours given up for their silence
    std::uint64_t legacy_too_long = 0;    // records that do not fit an old server's messages
    std::uint64_t journal_failures = 0;   // of writing, syncing, opening; limits.journal_ms
    std::uint64_t journal_renewals = 0;   // times that a new file took the old one's place
    std::uint64_t log_lines_lost = 0;     // that the log's reader or disk was too slow for
    std::uint64_t journal_refused = 0;    // records of its file that the table could not take

    // Connections of clients that we closed.
    std::uint64_t dropped() const {
        return clients_evicted + silent_at_first + slow_lines + idle + slow_readers + lingered;
    }
};

struct CounterName {
    std::string_view name;
    std::uint64_t Counters::*value;
};
inline constexpr std::array counter_names = {
    CounterName{"iamat", &Counters::iamat},
    CounterName{"iamat_old", &Counters::iamat_old},
    CounterName{"whatsat", &Counters::whatsat},
    CounterName{"sync", &Counters::sync},
    CounterName{"invalid", &Counters::invalid},
    CounterName{"relayed", &Counters::relayed},
    CounterName{"duplicates", &Counters::duplicates},
    CounterName{"records_sent", &Counters::records_sent},
    CounterName{"buckets_divergent", &Counters::buckets_divergent},
    CounterName{"records_repaired", &Counters::records_repaired},
    CounterName{"clients_accepted", &Counters::clients_accepted},
    CounterName{"clients_evicted", &Counters::clients_evicted},
    CounterName{"clients_waited", &Counters::clients_waited},
    CounterName{"lines_too_long", &Counters::lines_too_long},
    CounterName{"silent_at_first", &Counters::silent_at_first},
    CounterName{"slow_lines", &Counters::slow_lines},
    CounterName{"idle", &Counters::idle},
    CounterName{"slow_readers", &Counters::slow_readers},
    CounterName{"lingered", &Counters::lingered},
    CounterName{"table_full", &Counters::table_full},
    CounterName{"long_records_full", &Counters::long_records_full},
    CounterName{"future_stamps", &Counters::future_stamps},
    CounterName{"expired_stamps", &Counters::expired_stamps},
    CounterName{"records_expired", &Counters::records_expired},
    CounterName{"syncs_refused", &Counters::syncs_refused},
    CounterName{"syncs_late", &Counters::syncs_late},
    CounterName{"places_refused", &Counters::places_refused},
    CounterName{"peers_refused", &Counters::peers_refused},
    CounterName{"peers_waited", &Counters::peers_waited},
    CounterName{"peer_lines_bad", &Counters::peer_lines_bad},
    CounterName{"links_silent", &Counters::links_silent},
    CounterName{"legacy_too_long", &Counters::legacy_too_long},
    CounterName{"journal_failures", &Counters::journal_failures},
    CounterName{"journal_renewals", &Counters::journal_renewals},
    CounterName{"log_lines_lost", &Counters::log_lines_lost},
    CounterName{"journal_refused", &Counters::journal_refused},
};
static_assert(counter_names.size() * sizeof(std::uint64_t) == sizeof(Counters));
// Each once: so, being as many as there are members, all of them.
static_assert(std::ranges::all_of(counter_names, [](const CounterName& each) {
    return std::ranges::count(counter_names, each.name, &CounterName::name) == 1 &&
           std::ranges::count(counter_names, each.value, &CounterName::value) == 1;
}));
static_assert(std::ranges::none_of(counter_names, &std::string_view::empty, &CounterName::name));

}  // namespace herd::watch
