// The families whose samples are not counters of the server's.
#include "herd/ops/family.hpp"

#include <cassert>
#include <chrono>

namespace herd::ops {

namespace {

using Out = MetricsWriter;
using Of = const Snapshot;
using watch::LinkStatus;

constexpr Family gauge(std::string_view name,
                       std::string_view help,
                       std::string_view advice,
                       void (*write)(Out&, Of&)) {
    return {name, Kind::gauge, help, advice, {}, write};
}

constexpr Family counter(std::string_view name,
                         std::string_view help,
                         std::string_view advice,
                         void (*write)(Out&, Of&)) {
    return {name, Kind::counter, help, advice, {}, write};
}

constexpr Family histogram(std::string_view name,
                           std::string_view help,
                           std::string_view advice,
                           void (*write)(Out&, Of&)) {
    return {name, Kind::histogram, help, advice, {}, write};
}

// A double holds 53 bits.
constexpr std::uint64_t digest_mask = (std::uint64_t{1} << 52) - 1;

template <class Write>
void each_link(Of& of, Write write) {
    for (std::size_t i = 0; i < of.status.link_count; ++i) {
        const LinkStatus& link = of.status.links[i];
        write(link, Label("neighbour", link.neighbour).text());
    }
}

// What is known only of a neighbour that is there, and that speaks of it.
template <class Write>
void each_live_link(Of& of, Write write) {
    each_link(of, [&](const LinkStatus& link, std::string_view label) {
        if (link.state == "live" && !link.legacy) write(link, label);
    });
}

constexpr std::array told = {
    gauge("herd_build_info",
          "1; its labels say which version runs, and which server this is.",
          "Differs between servers while a herd is upgraded.",
          [](Out& out, Of& of) {
              std::array<char, 512> labels{};
              protocol::TextWriter text(labels);
              text.put(Label("version", of.version).text());
              text.put(',');
              text.put(Label("server", of.status.server).text());
              assert(!text.overflowed());
              out.sample(text.text(), 1);
          }),
    gauge(
        "herd_start_time_seconds",
        "When the server was started, since 1970.",
        "Moves when it was started again: if nobody has done that, the log or the system's journal "
        "says why.",
        [](Out& out, Of& of) { out.sample_signed("", of.started_s); }),
    gauge("herd_ready",
          "1 once the journal has been read, every neighbour has told its table and the journal "
          "can be written, or limits.ready_ms has passed since it was read.",
          "0 in the first seconds only, unless the disk does not answer, or fsync is always and "
          "the journal cannot be written. /readyz says what is waited for.",
          [](Out& out, Of& of) { out.sample("", of.ready ? 1 : 0); }),
    gauge("herd_draining",
          "1 while the server shuts down.",
          "Somebody has told it to end.",
          [](Out& out, Of& of) { out.sample("", of.status.draining ? 1 : 0); }),
    gauge("herd_stored_clients",
          "Clients whose position is stored.",
          "At herd_stored_clients_limit new ones are refused.",
          [](Out& out, Of& of) { out.sample("", of.status.records); }),
    gauge("herd_stored_clients_limit",
          "How many clients there is room for (limits.clients).",
          "Set in the configuration.",
          [](Out& out, Of& of) { out.sample("", of.status.capacity); }),
    gauge("herd_feed_sequence",
          "The number of the latest change of the table.",
          "Its rate is that of changes, from clients and neighbours together.",
          [](Out& out, Of& of) { out.sample("", of.status.seq); }),
    gauge("herd_table_digest",
          "The lowest 52 bits of a digest of the table: equal tables have equal ones.",
          "Differs for moments while changes are on their way. For minutes, without lag: "
          "herd_buckets_divergent_total, and full tables.",
          [](Out& out, Of& of) { out.sample("", of.status.digest & digest_mask); }),
    gauge("herd_connections",
          "Connections of clients.",
          "At herd_connections_limit somebody is closed for each newcomer.",
          [](Out& out, Of& of) { out.sample("", of.status.clients); }),
    gauge("herd_connections_limit",
          "How many connections of clients there may be (limits.connections).",
          "Set in the configuration.",
          [](Out& out, Of& of) { out.sample("", of.limits->connections); }),
    gauge("herd_map_viewers",
          "Pages that show the live map.",
          "At limits.map_viewers a further one waits.",
          [](Out& out, Of& of) { out.sample("", of.status.map_viewers); }),
    gauge("herd_link_up",
          "1 while the link to the neighbour is live.",
          "0: the neighbour is down, or the network between. Its reports come another way, if "
          "there is one.",
          [](Out& out, Of& of) {
              each_link(of, [&](const LinkStatus& link, std::string_view label) {
                  out.sample(label, link.state == "live" ? 1 : 0);
              });
          }),
    gauge("herd_link_heard",
          "1 while the neighbour is connected here, too.",
          "0 while its link is up: it cannot reach our port for peers.",
          [](Out& out, Of& of) {
              each_link(of, [&](const LinkStatus& link, std::string_view label) {
                  if (!link.legacy) out.sample(label, link.hears ? 1 : 0);
              });
          }),
    gauge("herd_link_lag_records",
          "Changes that the neighbour has not acknowledged.",
          "Grows: the neighbour or the way to it is too slow for what is reported.",
          [](Out& out, Of& of) {
              each_link(of, [&](const LinkStatus& link, std::string_view label) {
                  if (link.state == "live") out.sample(label, link.lag_records);
              });
          }),
    gauge("herd_link_lag_seconds",
          "What had changed so long ago has been acknowledged by the neighbour.",
          "As above.",
          [](Out& out, Of& of) {
              each_live_link(of, [&](const LinkStatus& link, std::string_view label) {
                  out.sample_seconds(label, link.lag);
              });
          }),
    gauge("herd_link_round_trip_seconds",
          "How long the neighbour's latest answer took; absent while unknown.",
          "Rises with load on the way: the network, or either server.",
          [](Out& out, Of& of) {
              each_live_link(of, [&](const LinkStatus& link, std::string_view label) {
                  if (link.round_trip.count() > 0) out.sample_seconds(label, link.round_trip);
              });
          }),
    gauge("herd_link_clock_offset_seconds",
          "The neighbour's clock minus ours, when the link was made.",
          "Beyond a second: set clocks by NTP, as skews in answers are by our clocks.",
          [](Out& out, Of& of) {
              each_live_link(of, [&](const LinkStatus& link, std::string_view label) {
                  out.sample_seconds(label, reactor::Duration(link.clock_difference_ns));
              });
          }),
    counter("herd_link_drops_total",
            "Times that the link was live and was lost.",
            "Restarts of the neighbour, and faults of the network.",
            [](Out& out, Of& of) {
                each_link(of, [&](const LinkStatus& link, std::string_view label) {
                    out.sample(label, link.drops);
                });
            }),
    counter("herd_link_divergences_total",
            "Parts of the neighbour's table found different from ours.",
            "See herd_buckets_divergent_total.",
            [](Out& out, Of& of) {
                each_link(of, [&](const LinkStatus& link, std::string_view label) {
                    out.sample(label, link.divergences);
                });
            }),
    gauge("herd_journal_ok",
          "1 while the journal can be written, 0 while it cannot; absent without one.",
          "0: positions are in memory only. The log says why.",
          [](Out& out, Of& of) {
              if (of.status.journal != "off") out.sample("", of.status.journal == "failed" ? 0 : 1);
          }),
    gauge("herd_journal_loading",
          "1 while the journal is read and the server listens already (journal.listen_first).",
          "Stays 1: the disk is slow. Reports are answered when it is 0; /readyz waits for that.",
          [](Out& out, Of& of) {
              if (of.status.journal != "off") out.sample("", of.status.journal_loading ? 1 : 0);
          }),
    gauge("herd_journal_loaded_records",
          "Of these, how many records it has read so far; 0 when all are.",
          "Stands still: the disk does not answer.",
          [](Out& out, Of& of) { out.sample("", of.journal_loaded); }),
    gauge("herd_journal_bytes",
          "What the journal's file takes of the disk.",
          "Some twice the table, and 32 MiB: more where the disk is slower than what is reported.",
          [](Out& out, Of& of) { out.sample("", of.journal_bytes); }),
    gauge("herd_journal_unsynced_bytes",
          "Of these, what the disk may lack.",
          "Grows: the disk is too slow for what is reported.",
          [](Out& out, Of& of) { out.sample("", of.journal_unsynced); }),
    histogram("herd_journal_sync_seconds",
              "How long it took until the disk had what was written.",
              "Answers wait for it where fsync is always.",
              [](Out& out, Of& of) { out.histogram(*of.syncs); }),
    counter("herd_places_questions_cancelled_total",
            "Questions about places whose client had gone before the answer.",
            "Clients that do not wait.",
            [](Out& out, Of& of) { out.sample("", of.places.cancelled); }),
    counter("herd_places_troubles_total",
            "What went wrong with requests to the Places service, by kind.",
            "Each kind is explained by the error_message that clients get.",
            [](Out& out, Of& of) {
                for (std::size_t i = 0; i < of.places.troubles.size(); ++i) {
                    out.sample(Label("kind", of.places.trouble_name(i)).text(),
                               of.places.troubles[i]);
                }
            }),
    histogram("herd_places_request_seconds",
              "How long requests to the Places service took, answered or not.",
              "Clients wait for these; beyond limits.places_deadline_ms they are told so.",
              [](Out& out, Of& of) {
                  if (of.places.times != nullptr) out.histogram(*of.places.times);
              }),
    gauge("herd_bridge_up",
          "1 while the bridge is level with its bucket's stream; absent without one.",
          "0: no broker, or the bucket is being read. herd status and the log say which.",
          [](Out& out, Of& of) {
              const auto& bridge = of.status.bridge;
              if (!bridge.bucket.empty()) out.sample("", bridge.state == "live" ? 1 : 0);
          }),
    gauge("herd_bridge_keys",
          "Clients whose line the bucket has shown.",
          "Fewer than herd_stored_clients for long: see herd_bridge_published_total.",
          [](Out& out, Of& of) {
              if (!of.status.bridge.bucket.empty()) out.sample("", of.status.bridge.keys);
          }),
    gauge("herd_bridge_lag_records",
          "Changes that are not published.",
          "Grows: the broker is slower than what is reported.",
          [](Out& out, Of& of) {
              if (!of.status.bridge.bucket.empty()) out.sample("", of.status.bridge.lag_records);
          }),
    gauge("herd_bridge_lag_seconds",
          "What had changed so long ago has been acknowledged by the broker.",
          "As above.",
          [](Out& out, Of& of) {
              if (of.status.bridge.broker) out.sample_seconds("", of.status.bridge.lag);
          }),
    gauge("herd_bridge_unacknowledged",
          "Publications that the broker has not acknowledged.",
          "At bridge.window it waits for the broker.",
          [](Out& out, Of& of) {
              if (of.status.bridge.broker) out.sample("", of.status.bridge.window);
          }),
    gauge("herd_bridge_round_trip_seconds",
          "How long the latest acknowledgement took; absent while unknown.",
          "Rises with load on the broker.",
          [](Out& out, Of& of) {
              const auto& bridge = of.status.bridge;
              if (bridge.round_trip.count() > 0) out.sample_seconds("", bridge.round_trip);
          }),
    gauge("herd_bridge_to_read",
          "Messages of the bucket that are still to be read.",
          "Large after the start of a bridge. Later: others write faster than it reads.",
          [](Out& out, Of& of) {
              if (of.status.bridge.broker) out.sample("", of.status.bridge.pending);
          }),
    histogram("herd_loop_iteration_seconds",
              "How long iterations of the loop took: nobody is answered meanwhile.",
              "Above 10 ms: a machine without time for the server (another program, a hypervisor), "
              "or memory that has to be found (prefault).",
              [](Out& out, Of& of) { out.histogram(*of.iterations); }),
    counter("herd_received_bytes_total",
            "Bytes received, of clients and neighbours, as they came from the kernel.",
            "The load of the network.",
            [](Out& out, Of& of) { out.sample("", of.wire.bytes_in); }),
    counter("herd_sent_bytes_total",
            "Bytes sent, to clients and neighbours.",
            "The load of the network.",
            [](Out& out, Of& of) { out.sample("", of.wire.bytes_out); }),
    counter("herd_system_calls_total",
            "System calls that received or sent something.",
            "Per command: how well work is batched.",
            [](Out& out, Of& of) {
                out.sample("call=\"recv\"", of.wire.receives);
                out.sample("call=\"send\"", of.wire.sends);
            }),
    gauge("herd_blocks",
          "Blocks of 4 KiB that connections hold, for bytes that wait.",
          "Rises with clients and neighbours that do not read.",
          [](Out& out, Of& of) { out.sample("", of.blocks); }),
    gauge("herd_blocks_limit",
          "How many blocks there are (limits.blocks).",
          "Set in the configuration.",
          [](Out& out, Of& of) { out.sample("", of.limits->blocks); }),
    gauge("herd_records_corrupted",
          "Records that were spoilt on purpose (serve --corruptible).",
          "0 anywhere but in tests.",
          [](Out& out, Of& of) { out.sample("", of.status.corrupted); }),
    gauge("herd_certificate_expiry_time_seconds",
          "Until when the server's certificate is good, since 1970; absent without keys.",
          "30 days before: herd keys, and a SIGHUP.",
          [](Out& out, Of& of) {
              if (of.status.certificate_expires_s != 0) {
                  out.sample_signed("", of.status.certificate_expires_s);
              }
          }),
    gauge("herd_config_last_reload_successful",
          "Whether what the start, or the latest SIGHUP, had to read could be read.",
          "0: all that is in force is as it was before; the log says why (reload_refused).",
          [](Out& out, Of& of) { out.sample("", of.reloaded ? 1 : 0); }),
    gauge("herd_config_last_reload_success_timestamp_seconds",
          "When that was so for the last time, since 1970.",
          "Moves with each SIGHUP.",
          [](Out& out, Of& of) { out.sample_signed("", of.reloaded_s); }),
    counter("process_cpu_seconds_total",
            "Processor time that the process has used, of all its threads.",
            "A server that is not told to spin uses none while nothing is said.",
            [](Out& out, Of& of) { out.sample_seconds("", reactor::Duration(of.process.cpu_ns)); }),
    gauge("process_resident_memory_bytes",
          "Memory of the machine that the process has.",
          "Bounded by what herd check says.",
          [](Out& out, Of& of) { out.sample("", of.process.resident_bytes); }),
    gauge("process_open_fds",
          "Open descriptors; absent before Linux 6.2, where counting them takes time.",
          "Bounded by what herd check says.",
          [](Out& out, Of& of) {
              if (of.process.descriptors > 0) out.sample("", of.process.descriptors);
          }),
    gauge("process_max_fds",
          "How many descriptors the process may have open.",
          "Raised by the server itself, as far as the system lets it.",
          [](Out& out, Of& of) { out.sample("", of.process.descriptors_max); }),
    gauge("process_start_time_seconds",
          "When the process was started, since 1970.",
          "As herd_start_time_seconds.",
          [](Out& out, Of& of) { out.sample_signed("", of.started_s); }),
};

}  // namespace

std::span<const Family> state_families() {
    return told;
}

}  // namespace herd::ops
