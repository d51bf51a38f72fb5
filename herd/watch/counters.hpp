#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace herd::watch {

// What a server has seen since its start; a number never falls. Every limit that refuses or ends
// something counts how often it has bitten; those of lookups do together. What each counts is said
// once, in the table below. What a part of the server counts that knows nothing of this is copied
// here when somebody asks.
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

    // Connections of clients that we closed.
    std::uint64_t dropped() const {
        return clients_evicted + clients_relieved + silent_at_first + slow_lines + idle +
               slow_readers + lingered + guessers_closed;
    }
};

struct Counter {
    std::string_view name;
    std::uint64_t Counters::*value;
    std::string_view help;  // one sentence, for whoever runs the herd
};
inline constexpr std::array counters_table = {
    Counter{"iamat", &Counters::iamat, "Valid reports of clients."},
    Counter{"iamat_old", &Counters::iamat_old, "Reports that were not newer than what was stored."},
    Counter{"whatsat", &Counters::whatsat, "Valid questions of clients."},
    Counter{"nearby", &Counters::nearby, "Valid NEARBYs of clients."},
    Counter{"sync", &Counters::sync, "Valid SYNCs of clients."},
    Counter{"follows", &Counters::follows, "Valid FOLLOWs of clients."},
    Counter{
        "follows_refused",
        &Counters::follows_refused,
        "FOLLOWs beyond limits.subscriptions, those of one client, or what one place may have."},
    Counter{"pushed", &Counters::pushed, "NOW lines to those who follow something."},
    Counter{"follows_swept",
            &Counters::follows_swept,
            "Times that a follower had too many changes to be told of, and all of it was gone "
            "through."},
    Counter{"follows_restarted",
            &Counters::follows_restarted,
            "Times that a follower was told anew of all that it follows."},
    Counter{"auth", &Counters::auth, "Tokens of clients that were right."},
    Counter{"invalid", &Counters::invalid, "Commands answered with \"?\"."},
    Counter{"relayed",
            &Counters::relayed,
            "Records of neighbours that were newer than what was stored."},
    Counter{"duplicates", &Counters::duplicates, "Records of neighbours that were not newer."},
    Counter{"records_sent", &Counters::records_sent, "Records sent to neighbours."},
    Counter{"buckets_divergent",
            &Counters::buckets_divergent,
            "Buckets of a neighbour's digest that stayed different."},
    Counter{"records_repaired",
            &Counters::records_repaired,
            "Records sent again because of divergent buckets."},
    Counter{"repairs_waited",
            &Counters::repairs_waited,
            "Times that sending records again waited for limits.repairs_per_s."},
    Counter{"clients_accepted",
            &Counters::clients_accepted,
            "Connections of clients that were accepted."},
    Counter{"clients_evicted",
            &Counters::clients_evicted,
            "Clients closed to make room for others (limits.connections)."},
    Counter{"clients_waited",
            &Counters::clients_waited,
            "Times that accepting clients stopped for want of room."},
    Counter{"turns_cut",
            &Counters::turns_cut,
            "Turns of clients that ended with more to do (limits.lines_per_turn)."},
    Counter{"blocks_exhausted",
            &Counters::blocks_exhausted,
            "Connections closed for want of a block (limits.blocks)."},
    Counter{"clients_relieved",
            &Counters::clients_relieved,
            "Clients closed as they held most blocks when there were none (limits.blocks)."},
    Counter{"inputs_stuck",
            &Counters::inputs_stuck,
            "Connections closed as nothing of a full buffer could be taken."},
    Counter{"handshakes", &Counters::handshakes, "TLS handshakes that were completed."},
    Counter{"handshakes_refused",
            &Counters::handshakes_refused,
            "TLS handshakes that this side or the other refused."},
    Counter{"handshakes_plain",
            &Counters::handshakes_plain,
            "Connections closed as they did not speak TLS where it is spoken."},
    Counter{"handshakes_late",
            &Counters::handshakes_late,
            "Connections closed for limits.handshake_ms."},
    Counter{"handshakes_held_back",
            &Counters::handshakes_held_back,
            "Times that newcomers were left to wait, as too many were before their handshake."},
    Counter{"handshakes_displaced",
            &Counters::handshakes_displaced,
            "Connections closed, before their handshake, as too many others came."},
    Counter{
        "tls_full",
        &Counters::tls_full,
        "Times that limits.tls_connections let a connection wait, or kept one from being dialled."},
    Counter{
        "seals_broken", &Counters::seals_broken, "TLS connections closed for what came on them."},
    Counter{
        "lines_too_long", &Counters::lines_too_long, "Lines of clients beyond limits.line_max."},
    Counter{
        "silent_at_first", &Counters::silent_at_first, "Clients closed for limits.first_line_ms."},
    Counter{"slow_lines", &Counters::slow_lines, "Clients closed for limits.rest_of_line_ms."},
    Counter{"idle", &Counters::idle, "Clients closed for limits.idle_ms."},
    Counter{"slow_readers", &Counters::slow_readers, "Clients closed for limits.drain_ms."},
    Counter{"lingered", &Counters::lingered, "Clients closed for limits.linger_ms."},
    Counter{"access_denied",
            &Counters::access_denied,
            "Reports and questions that no token of their connection allows."},
    Counter{"access_expired",
            &Counters::access_expired,
            "Reports and questions whose connection had a token that has expired since."},
    Counter{"tokens_wrong",
            &Counters::tokens_wrong,
            "Tokens that this herd has not signed, or not for that pattern."},
    Counter{"tokens_expired", &Counters::tokens_expired, "Tokens that came too late."},
    Counter{"tokens_in_the_clear",
            &Counters::tokens_in_the_clear,
            "Tokens refused as others on their way could read them (access.in_the_clear)."},
    Counter{
        "guessers_closed", &Counters::guessers_closed, "Clients closed after three wrong tokens."},
    Counter{"table_full", &Counters::table_full, "Reports refused for limits.clients."},
    Counter{"newcomers_refused",
            &Counters::newcomers_refused,
            "Reports of unknown clients refused for limits.new_clients_per_s."},
    Counter{"long_records_full",
            &Counters::long_records_full,
            "Reports refused for limits.long_records."},
    Counter{"future_stamps", &Counters::future_stamps, "Stamps beyond max_future_ms."},
    Counter{"expired_stamps", &Counters::expired_stamps, "Reports that came too late for ttl_s."},
    Counter{"records_expired", &Counters::records_expired, "Records forgotten for ttl_s."},
    Counter{"syncs_refused", &Counters::syncs_refused, "SYNCs refused for limits.syncs."},
    Counter{"syncs_late", &Counters::syncs_late, "SYNCs given up for limits.sync_ms."},
    Counter{
        "searches_refused", &Counters::searches_refused, "NEARBYs refused for limits.searches."},
    Counter{"searches_waited",
            &Counters::searches_waited,
            "NEARBYs that took more than a turn (limits.visits_per_turn)."},
    Counter{"places_refused",
            &Counters::places_refused,
            "Questions refused as limits.connections of them wait already."},
    Counter{"places_busy",
            &Counters::places_busy,
            "Questions that found limits.places_queue lookups waiting."},
    Counter{"places_lookups", &Counters::places_lookups, "Lookups at the Places service."},
    Counter{"places_shared",
            &Counters::places_shared,
            "Questions that joined a lookup already under way."},
    Counter{"places_requests",
            &Counters::places_requests,
            "Requests sent to the Places service, retries included."},
    Counter{"places_retries", &Counters::places_retries, "Lookups that were tried once more."},
    Counter{"places_failed", &Counters::places_failed, "Lookups that came to nothing."},
    Counter{"peers_refused",
            &Counters::peers_refused,
            "Connections of strangers and of wrong versions."},
    Counter{
        "peers_waited", &Counters::peers_waited, "Times that limits.peer_connections was reached."},
    Counter{"strangers_evicted",
            &Counters::strangers_evicted,
            "Connections of nobody known closed to make room for others like them."},
    Counter{"peer_lines_bad", &Counters::peer_lines_bad, "Lines of neighbours that make no sense."},
    Counter{"links_silent", &Counters::links_silent, "Links given up for the neighbour's silence."},
    Counter{"legacy_too_long",
            &Counters::legacy_too_long,
            "Records that do not fit an old server's messages."},
    Counter{"legacy_closed",
            &Counters::legacy_closed,
            "Connections from where old servers are closed as too many, or silent for 30 s."},
    Counter{"legacy_unknown",
            &Counters::legacy_unknown,
            "Records of old servers that no configured server has taken."},
    Counter{"journal_failures",
            &Counters::journal_failures,
            "Failures of the journal's disk, and limits.journal_ms."},
    Counter{"journal_renewals",
            &Counters::journal_renewals,
            "Times that a new journal file took the old one's place."},
    Counter{"log_lines_lost",
            &Counters::log_lines_lost,
            "Lines that the log's reader or disk was too slow for."},
    Counter{"log_lines_suppressed",
            &Counters::log_lines_suppressed,
            "Lines of which the log had had many of the same kind."},
    Counter{"journal_refused",
            &Counters::journal_refused,
            "Records of a journal file that the table could not take."},
    Counter{"http_requests", &Counters::http_requests, "Requests over HTTP."},
    Counter{"http_refused",
            &Counters::http_refused,
            "Requests over HTTP that were malformed or too large."},
    Counter{"http_denied",
            &Counters::http_denied,
            "Requests over HTTP without the token, or with a name of the host, that they need."},
    Counter{"http_evicted",
            &Counters::http_evicted,
            "Connections over HTTP closed to make room for others (limits.http_connections)."},
    Counter{"http_waited",
            &Counters::http_waited,
            "Times that accepting connections over HTTP stopped for want of room."},
    Counter{"http_late",
            &Counters::http_late,
            "Connections over HTTP closed as a request was not whole in time."},
    Counter{"http_stalled",
            &Counters::http_stalled,
            "Connections over HTTP closed as they did not read, or not end, in time."},
    Counter{"map_viewers", &Counters::map_viewers, "Times that a page began to show the map."},
    Counter{"map_viewers_refused",
            &Counters::map_viewers_refused,
            "Times that one could not, as limits.map_viewers did (it tries again)."},
    Counter{"map_searches_refused",
            &Counters::map_searches_refused,
            "Searches for a client on the map that were refused, as many were waiting."},
    Counter{"map_conflated",
            &Counters::map_conflated,
            "Changes that a map does not show, as a newer one of the same client came before it "
            "was its turn."},
    Counter{"phone_points", &Counters::phone_points, "Positions of phones that were taken."},
    Counter{"phone_not_positions",
            &Counters::phone_not_positions,
            "Messages of phones that are not about where they are."},
    Counter{"phone_positions_bad",
            &Counters::phone_positions_bad,
            "Positions of phones ignored as they are no place on earth."},
    Counter{"phone_times_bad",
            &Counters::phone_times_bad,
            "Positions of phones ignored as their time is none, a day ahead, or over."},
    Counter{"phone_bodies_broken",
            &Counters::phone_bodies_broken,
            "Bodies of phones that begin as JSON and are none."},
    Counter{"phone_encrypted",
            &Counters::phone_encrypted,
            "Messages of phones that nobody here can decrypt."},
    Counter{"phone_nameless",
            &Counters::phone_nameless,
            "Positions of phones without an id, or with one of more than 256 bytes."},
    Counter{"phone_denied",
            &Counters::phone_denied,
            "Requests of phones without the token that they need, or of a page in a browser."},
    Counter{"phone_vague",
            &Counters::phone_vague,
            "Positions of phones ignored as they may be further off than max_accuracy_m."},
    Counter{"phone_friends",
            &Counters::phone_friends,
            "Positions of others that phones were told in answers to their reports."},
    Counter{"phone_friends_cut",
            &Counters::phone_friends_cut,
            "Such answers that left somebody out, as they were too many."},
    Counter{"phone_crowds",
            &Counters::phone_crowds,
            "Connections of phones closed as their address had as many as it may have."},
    Counter{"phone_tls_plain",
            &Counters::phone_tls_plain,
            "Connections to the plain port for phones that spoke TLS."},
    Counter{"datagrams", &Counters::datagrams, "Valid reports that came as datagrams."},
    Counter{"datagrams_malformed",
            &Counters::datagrams_malformed,
            "Datagrams that are no report, or not one alone."},
    Counter{"datagrams_too_long",
            &Counters::datagrams_too_long,
            "Datagrams of more than 1,232 bytes, or with a report beyond limits.line_max."},
    Counter{"datagrams_denied",
            &Counters::datagrams_denied,
            "Datagrams without a token that allows what they report."},
    Counter{"datagrams_limited",
            &Counters::datagrams_limited,
            "Datagrams ignored for limits.datagrams_per_s."},
    Counter{"reloads", &Counters::reloads, "SIGHUPs after which all was as the files say."},
    Counter{"reloads_refused",
            &Counters::reloads_refused,
            "SIGHUPs that changed nothing, as something was wrong or needs a restart."},
};

static_assert(counters_table.size() * sizeof(std::uint64_t) == sizeof(Counters));
// Each once: so, being as many as there are members, all of them.
static_assert(std::ranges::all_of(counters_table, [](const Counter& each) {
    return std::ranges::count(counters_table, each.name, &Counter::name) == 1 &&
           std::ranges::count(counters_table, each.value, &Counter::value) == 1;
}));
static_assert(std::ranges::none_of(counters_table, &std::string_view::empty, &Counter::name));
static_assert(std::ranges::all_of(counters_table,
                                  [](const Counter& each) { return each.help.ends_with('.'); }));

}  // namespace herd::watch
