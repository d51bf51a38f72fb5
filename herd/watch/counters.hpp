#pragma once

#include <cstdint>

namespace herd::watch {

// What a server has seen since its start; a number never falls. Every limit that refuses or ends
// something counts how often it has bitten; those of lookups do together. What each counts is said
// once, in counters_table.hpp. What a part of the server counts that knows nothing of this is
// copied here when somebody asks.
struct Counters {
    std::uint64_t iamat = 0;
    std::uint64_t iamat_old = 0;
    std::uint64_t whatsat = 0;
    std::uint64_t nearby = 0;
    std::uint64_t sync = 0;
    std::uint64_t follows = 0;
    std::uint64_t follows_refused = 0;
    std::uint64_t pushed = 0;
    std::uint64_t follows_swept = 0;
    std::uint64_t follows_restarted = 0;
    std::uint64_t auth = 0;
    std::uint64_t invalid = 0;
    std::uint64_t relayed = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t records_sent = 0;
    std::uint64_t buckets_divergent = 0;
    std::uint64_t records_repaired = 0;
    std::uint64_t repairs_waited = 0;

    std::uint64_t clients_accepted = 0;
    std::uint64_t clients_evicted = 0;
    std::uint64_t clients_waited = 0;
    std::uint64_t turns_cut = 0;
    std::uint64_t blocks_exhausted = 0;
    std::uint64_t clients_relieved = 0;
    std::uint64_t inputs_stuck = 0;
    std::uint64_t handshakes = 0;
    std::uint64_t handshakes_refused = 0;
    std::uint64_t handshakes_plain = 0;
    std::uint64_t handshakes_late = 0;
    std::uint64_t handshakes_held_back = 0;
    std::uint64_t handshakes_displaced = 0;
    std::uint64_t tls_full = 0;
    std::uint64_t seals_broken = 0;
    std::uint64_t lines_too_long = 0;
    std::uint64_t silent_at_first = 0;
    std::uint64_t slow_lines = 0;
    std::uint64_t idle = 0;
    std::uint64_t slow_readers = 0;
    std::uint64_t lingered = 0;
    std::uint64_t access_denied = 0;
    std::uint64_t access_expired = 0;
    std::uint64_t tokens_wrong = 0;
    std::uint64_t tokens_expired = 0;
    std::uint64_t tokens_in_the_clear = 0;
    std::uint64_t guessers_closed = 0;
    std::uint64_t table_full = 0;
    std::uint64_t newcomers_refused = 0;
    std::uint64_t long_records_full = 0;
    std::uint64_t future_stamps = 0;
    std::uint64_t expired_stamps = 0;
    std::uint64_t records_expired = 0;
    std::uint64_t syncs_refused = 0;
    std::uint64_t syncs_late = 0;
    std::uint64_t searches_refused = 0;
    std::uint64_t searches_waited = 0;
    std::uint64_t places_refused = 0;
    std::uint64_t places_busy = 0;
    std::uint64_t places_lookups = 0;
    std::uint64_t places_shared = 0;
    std::uint64_t places_requests = 0;
    std::uint64_t places_retries = 0;
    std::uint64_t places_failed = 0;
    std::uint64_t peers_refused = 0;
    std::uint64_t peers_waited = 0;
    std::uint64_t strangers_evicted = 0;
    std::uint64_t peer_lines_bad = 0;
    std::uint64_t links_silent = 0;
    std::uint64_t legacy_too_long = 0;
    std::uint64_t legacy_closed = 0;
    std::uint64_t legacy_unknown = 0;
    std::uint64_t journal_failures = 0;
    std::uint64_t journal_renewals = 0;
    std::uint64_t log_lines_lost = 0;
    std::uint64_t log_lines_suppressed = 0;
    std::uint64_t journal_refused = 0;
    std::uint64_t journal_damaged_bytes = 0;
    std::uint64_t http_requests = 0;
    std::uint64_t http_refused = 0;
    std::uint64_t http_denied = 0;
    std::uint64_t http_evicted = 0;
    std::uint64_t http_waited = 0;
    std::uint64_t http_late = 0;
    std::uint64_t http_stalled = 0;
    std::uint64_t map_viewers = 0;
    std::uint64_t map_viewers_refused = 0;
    std::uint64_t map_searches_refused = 0;
    std::uint64_t map_conflated = 0;
    std::uint64_t map_held_back = 0;
    std::uint64_t phone_points = 0;
    std::uint64_t phone_not_positions = 0;
    std::uint64_t phone_positions_bad = 0;
    std::uint64_t phone_times_bad = 0;
    std::uint64_t phone_bodies_broken = 0;
    std::uint64_t phone_encrypted = 0;
    std::uint64_t phone_nameless = 0;
    std::uint64_t phone_denied = 0;
    std::uint64_t phone_vague = 0;
    std::uint64_t phone_friends = 0;
    std::uint64_t phone_friends_cut = 0;
    std::uint64_t phone_crowds = 0;
    std::uint64_t phone_tls_plain = 0;
    std::uint64_t datagrams = 0;
    std::uint64_t datagrams_malformed = 0;
    std::uint64_t datagrams_too_long = 0;
    std::uint64_t datagrams_denied = 0;
    std::uint64_t datagrams_limited = 0;
    std::uint64_t reloads = 0;
    std::uint64_t reloads_refused = 0;
    std::uint64_t bridge_published = 0;
    std::uint64_t bridge_acknowledged = 0;
    std::uint64_t bridge_refused_full = 0;
    std::uint64_t bridge_refused_resources = 0;
    std::uint64_t bridge_refused_other = 0;
    std::uint64_t bridge_too_long = 0;
    std::uint64_t bridge_received = 0;
    std::uint64_t bridge_newer = 0;
    std::uint64_t bridge_equal = 0;
    std::uint64_t bridge_older = 0;
    std::uint64_t bridge_lines_bad = 0;
    std::uint64_t bridge_unseen = 0;
    std::uint64_t bridge_healed = 0;
    std::uint64_t bridge_sick = 0;
    std::uint64_t bridge_reopened = 0;
    std::uint64_t bridge_stalled = 0;
    std::uint64_t bridge_drops = 0;
    std::uint64_t bridge_denied = 0;

    // Connections of clients that we closed.
    std::uint64_t dropped() const {
        return clients_evicted + clients_relieved + silent_at_first + slow_lines + idle +
               slow_readers + lingered + guessers_closed;
    }
};

}  // namespace herd::watch
