// The families whose samples are counters of the server's: each of these is in exactly one.
#include "herd/ops/family.hpp"

#include <algorithm>

namespace herd::ops {

namespace {

using watch::Counters;

constexpr Family one(std::string_view name,
                     std::uint64_t Counters::*value,
                     std::string_view help,
                     std::string_view advice) {
    return {name, Kind::counter, help, advice, {{{"", value}}}};
}

constexpr Family many(std::string_view name,
                      std::string_view help,
                      std::string_view advice,
                      const std::array<Series, Family::series_max>& series) {
    return {name, Kind::counter, help, advice, series};
}

constexpr std::array counted = {
    many("herd_commands_total",
         "Commands of clients, by what they were.",
         "The load. Many invalid ones: a client speaks something else, or tables, tokens or limits "
         "refuse what it says.",
         {{{"command=\"iamat\"", &Counters::iamat},
           {"command=\"whatsat\"", &Counters::whatsat},
           {"command=\"sync\"", &Counters::sync},
           {"command=\"auth\"", &Counters::auth},
           {"command=\"follow\"", &Counters::follows},
           {"command=\"invalid\"", &Counters::invalid}}}),
    one("herd_reports_stale_total",
        &Counters::iamat_old,
        "Reports that were not newer than what was stored.",
        "Clients that send twice, or whose clocks go back."),
    many(
        "herd_reports_refused_total",
        "Reports and records that were refused, by reason.",
        "table_full, long_records_full: raise limits.clients or limits.long_records, or set ttl_s. "
        "newcomers: an address brings in clients at a rate that no phone does. future: somebody's "
        "clock is ahead. expired: reports come later than ttl_s.",
        {{{"reason=\"table_full\"", &Counters::table_full},
          {"reason=\"newcomers\"", &Counters::newcomers_refused},
          {"reason=\"long_records_full\"", &Counters::long_records_full},
          {"reason=\"future\"", &Counters::future_stamps},
          {"reason=\"expired\"", &Counters::expired_stamps}}}),
    one("herd_lines_too_long_total",
        &Counters::lines_too_long,
        "Lines of clients beyond limits.line_max.",
        "Somebody speaks something else, or is hostile."),
    many("herd_syncs_failed_total",
         "SYNCs that were answered with a question mark, by reason.",
         "full: more wait than limits.syncs. late: a neighbour is slower than limits.sync_ms; see "
         "herd_link_lag_seconds.",
         {{{"reason=\"full\"", &Counters::syncs_refused},
           {"reason=\"late\"", &Counters::syncs_late}}}),
    one("herd_follows_refused_total",
        &Counters::follows_refused,
        "FOLLOWs beyond limits.subscriptions, those of one client, or what one place may have.",
        "Raise limits.subscriptions or limits.subscriptions_per_client, or somebody takes many."),
    one("herd_changes_pushed_total",
        &Counters::pushed,
        "Changes told to those who follow clients or areas.",
        "The load of followers."),
    many("herd_follows_behind_total",
         "Times that a follower had more to be told than is kept for it, by what became of it.",
         "swept: what it follows was gone through again. restarted: it was told anew. Followers "
         "that read slowly, or whose areas are busy.",
         {{{"how=\"swept\"", &Counters::follows_swept},
           {"how=\"restarted\"", &Counters::follows_restarted}}}),
    many("herd_access_denied_total",
         "Reports and questions that no token of their connection allows.",
         "Clients with the wrong token, or one that has expired while they were connected.",
         {{{"reason=\"not_granted\"", &Counters::access_denied},
           {"reason=\"expired\"", &Counters::access_expired}}}),
    many("herd_tokens_refused_total",
         "Tokens that were refused, by reason.",
         "wrong: a secret has changed, or somebody guesses. in_the_clear: a client sends its token "
         "where others can read it.",
         {{{"reason=\"wrong\"", &Counters::tokens_wrong},
           {"reason=\"expired\"", &Counters::tokens_expired},
           {"reason=\"in_the_clear\"", &Counters::tokens_in_the_clear}}}),
    many("herd_records_received_total",
         "Records of neighbours, by whether they were newer than what was stored.",
         "Duplicates are as usual where there are several ways from server to server.",
         {{{"result=\"newer\"", &Counters::relayed},
           {"result=\"duplicate\"", &Counters::duplicates}}}),
    one("herd_records_sent_total",
        &Counters::records_sent,
        "Records sent to neighbours.",
        "The load between servers."),
    one("herd_records_expired_total",
        &Counters::records_expired,
        "Records forgotten for ttl_s.",
        "Clients that are silent for so long."),
    one("herd_buckets_divergent_total",
        &Counters::buckets_divergent,
        "Parts of neighbours' tables that stayed different.",
        "A counted is full, or a server has a fault: compare herd_table_digest."),
    one("herd_records_repaired_total",
        &Counters::records_repaired,
        "Records sent again as a neighbour's stayed different.",
        "As above."),
    one("herd_repairs_delayed_total",
        &Counters::repairs_waited,
        "Times that sending records again waited for limits.repairs_per_s.",
        "There is much to repair."),
    one("herd_connections_accepted_total",
        &Counters::clients_accepted,
        "Connections of clients that were accepted.",
        "Many more than commands: clients do not keep theirs."),
    many("herd_connections_closed_total",
         "Connections of clients that the server closed, by reason.",
         "evicted: limits.connections is reached. relieved: limits.blocks is, by clients that do "
         "not read. silent, slow_line, slow_reader: bad networks, or strangers. guesser: three "
         "wrong tokens. idle and linger are as usual.",
         {{{"reason=\"evicted\"", &Counters::clients_evicted},
           {"reason=\"relieved\"", &Counters::clients_relieved},
           {"reason=\"silent\"", &Counters::silent_at_first},
           {"reason=\"slow_line\"", &Counters::slow_lines},
           {"reason=\"idle\"", &Counters::idle},
           {"reason=\"slow_reader\"", &Counters::slow_readers},
           {"reason=\"linger\"", &Counters::lingered},
           {"reason=\"guesser\"", &Counters::guessers_closed}}}),
    many("herd_accept_pauses_total",
         "Times that accepting stopped for want of room, by port.",
         "Raise limits.connections, limits.peer_connections or limits.http_connections.",
         {{{"listener=\"clients\"", &Counters::clients_waited},
           {"listener=\"peers\"", &Counters::peers_waited},
           {"listener=\"http\"", &Counters::http_waited}}}),
    one("herd_turns_cut_total",
        &Counters::turns_cut,
        "Turns of clients that ended with more to do.",
        "Clients send faster than they are served, as is usual under load."),
    one("herd_blocks_exhausted_total",
        &Counters::blocks_exhausted,
        "Connections closed for want of a block of memory.",
        "Raise limits.blocks."),
    one("herd_inputs_stuck_total",
        &Counters::inputs_stuck,
        "Connections closed as nothing of a full buffer could be taken.",
        "Should never move: please report it."),
    many("herd_handshakes_total",
         "TLS handshakes, by how they ended.",
         "refused: a certificate does not fit (the log says whose), or a stranger. plain: a client "
         "that does not speak TLS. late, displaced: slow networks, or a flood of connections.",
         {{{"result=\"done\"", &Counters::handshakes},
           {"result=\"refused\"", &Counters::handshakes_refused},
           {"result=\"plain\"", &Counters::handshakes_plain},
           {"result=\"late\"", &Counters::handshakes_late},
           {"result=\"displaced\"", &Counters::handshakes_displaced}}}),
    one("herd_tls_connections_refused_total",
        &Counters::tls_full,
        "Times that limits.tls_connections let a connection wait, or kept one from being dialled.",
        "Raise limits.tls_connections."),
    one("herd_seals_broken_total",
        &Counters::seals_broken,
        "TLS connections closed for what came on them.",
        "A fault of the network, or an attack on the way."),
    many("herd_places_questions_total",
         "Questions about places, by what became of them.",
         "busy: limits.places_queue is reached. refused: as many wait as limits.connections.",
         {{{"result=\"asked\"", &Counters::places_lookups},
           {"result=\"shared\"", &Counters::places_shared},
           {"result=\"busy\"", &Counters::places_busy},
           {"result=\"refused\"", &Counters::places_refused}}}),
    one("herd_places_requests_total",
        &Counters::places_requests,
        "Requests sent to the Places service, retries included.",
        "What Google's services are paid for: limits.places_per_s, limits.places_per_day."),
    one("herd_places_retries_total",
        &Counters::places_retries,
        "Lookups at the Places service that were tried once more.",
        "See herd_places_troubles_total."),
    one("herd_places_failed_total",
        &Counters::places_failed,
        "Lookups that came to nothing.",
        "Clients were told so. See herd_places_troubles_total for why."),
    one("herd_peers_refused_total",
        &Counters::peers_refused,
        "Connections of strangers and of wrong versions to the port for peers.",
        "The log says who and why."),
    one("herd_strangers_evicted_total",
        &Counters::strangers_evicted,
        "Connections of nobody known closed to make room for others like them.",
        "A flood of connections at the port for peers: let only the herd through to it."),
    one("herd_peer_lines_bad_total",
        &Counters::peer_lines_bad,
        "Lines of neighbours that make no sense.",
        "Servers of different versions, or a stranger."),
    one("herd_links_silent_total",
        &Counters::links_silent,
        "Links given up for the neighbour's silence.",
        "A network that loses everything for seconds, or a server that hangs."),
    one("herd_legacy_too_long_total",
        &Counters::legacy_too_long,
        "Records that do not fit an old server's messages.",
        "The old server does not know these clients."),
    one("herd_legacy_closed_total",
        &Counters::legacy_closed,
        "Connections of old servers closed as too many, or silent.",
        "An old server that does not end its connections."),
    one("herd_legacy_unknown_total",
        &Counters::legacy_unknown,
        "Records of old servers that no configured server has taken.",
        "A server is missing from the configuration, or its name is different there."),
    one("herd_journal_failures_total",
        &Counters::journal_failures,
        "Failures of the journal's disk, and times that it took longer than limits.journal_ms.",
        "The log says which; herd_journal_ok says whether it is over."),
    one("herd_journal_renewals_total",
        &Counters::journal_renewals,
        "Times that a new journal file took the old one's place.",
        "As usual, the more often the more is reported."),
    one("herd_journal_records_refused_total",
        &Counters::journal_refused,
        "Records of a journal file that the table could not take at the start.",
        "They are kept aside: raise the limit that the start has named."),
    many("herd_log_lines_missing_total",
         "Lines that the log lacks, by why.",
         "lost: the log's disk or reader is too slow. suppressed: many of one kind at once.",
         {{{"reason=\"lost\"", &Counters::log_lines_lost},
           {"reason=\"suppressed\"", &Counters::log_lines_suppressed}}}),
    one("herd_http_requests_total",
        &Counters::http_requests,
        "Requests over HTTP.",
        "The load of this port: scrapes, checks and onlookers."),
    many("herd_http_requests_refused_total",
         "Requests over HTTP that were refused, by reason.",
         "malformed: something else speaks here, or is hostile. denied: without the token, or with "
         "a name of the host, that they need.",
         {{{"reason=\"malformed\"", &Counters::http_refused},
           {"reason=\"denied\"", &Counters::http_denied}}}),
    many("herd_http_connections_closed_total",
         "Connections over HTTP that the server closed, by reason.",
         "evicted: limits.http_connections is reached. late: a request was not whole in time. "
         "stalled: answers were not read, or an end was not answered.",
         {{{"reason=\"evicted\"", &Counters::http_evicted},
           {"reason=\"late\"", &Counters::http_late},
           {"reason=\"stalled\"", &Counters::http_stalled}}}),
};

constexpr std::size_t count(std::uint64_t Counters::*value) {
    std::size_t found = 0;
    for (const Family& family : counted) {
        for (const Series& series : family.series) found += series.value == value ? 1 : 0;
    }
    return found;
}
// Each counter in exactly one place.
static_assert(std::ranges::all_of(watch::counters_table, [](const watch::Counter& each) {
    return count(each.value) == 1;
}));

}  // namespace

std::span<const Family> counter_families() {
    return counted;
}

}  // namespace herd::ops
