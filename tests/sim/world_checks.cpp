// What must hold in a simulated herd at any time.
#include "herd/links/neighbour.hpp"
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>

namespace sim {

// After each turn of a server in which something has changed.
void World::check_server(Host host) {
    Seen& seen = seen_[host];
    const std::uint64_t seq = table(host).feed().seq();
    if (seq == seen.seq) return;
    check_feed(host);
    for (std::uint32_t slot = 0; slot < table(host).slots(); ++slot) {
        const herd::table::Record& record = table(host).at(slot);
        if (table(host).used(slot) && record.seq > seen.seq) check_record(host, record);
    }
    seen.seq = seq;
    seen.repaired = processes_[host]->server.counters().records_repaired;
}

// S3: along the feed the numbers of changes strictly increase, up to the latest one, and every
// record is in it once.
void World::check_feed(Host host) {
    const herd::table::LocationTable& records = table(host);
    if (records.size() > records.capacity()) fail("B2", "more records than there is room for");
    std::uint32_t slot = 0;
    const auto first = [&] {
        return records.used(slot) && records.at(slot).previous == herd::table::no_record;
    };
    while (slot < records.slots() && !first()) ++slot;
    std::uint64_t seq = 0;
    std::uint32_t count = 0;
    while (slot < records.slots() && count <= records.size()) {
        const herd::table::Record& record = records.at(slot);
        if (record.seq <= seq) return fail("S3", name(host) + ": the feed goes back");
        seq = record.seq;
        slot = record.next;
        ++count;
    }
    // The latest may have expired.
    const std::uint64_t last = configs_[host].ttl_s > 0 ? seq : records.feed().seq();
    if (count != records.size() || seq != last) {
        fail("S3", name(host) + ": the feed is broken");
    }
}

// S1: no client goes back within one run of a server.
// S2: nothing is stored that no client has said, by nobody (S9), and no part of a line.
// S6: nothing is stored that has expired by its server's clock.
// S7: nothing is stored twice, unless it is sent again on purpose; so nothing that has expired
// comes back.
void World::check_record(Host host, const herd::table::Record& record) {
    const herd::table::LocationTable& records = table(host);
    const std::string line(records.line(record));
    const auto at = parse_at(line);
    const std::uint32_t client = client_of(at.client);
    const bool known =
        client < scenario_.clients && at.client == name_of(client, scenario_.long_names);
    const Report report{at.location, at.time_text};
    if (!known || std::ranges::find(reports_[client], report) == reports_[client].end()) {
        return fail("S2", name(host) + " has invented " + line);
    }
    const std::int64_t max_future_ns = scenario_.config.max_future_ms * 1'000'000;
    if (max_future_ns > 0 && at.skew_ns < -max_future_ns) {
        return fail("S2", name(host) + " believes a stamp in the future: " + line);
    }
    if (expired(host, at)) fail("S6", name(host) + " stores what has expired: " + line);
    std::string& before = seen_[host].lines[client];
    if (!before.empty() && older(version_of(at), version_of(before))) {
        return fail("S1", name(host) + " went back from " + before + " to " + line);
    }
    const bool repaired =
        processes_[host]->server.counters().records_repaired > seen_[host].repaired;
    if (before == line && !repaired) fail("S7", name(host) + " has stored twice " + line);
    before = line;
}

void World::check_coverage() {
    for (const auto& [a, b] : scenario_.links) {
        if (processes_[a] == nullptr || processes_[b] == nullptr) continue;
        check_coverage(a, b, covered_[a][b]);
        check_coverage(b, a, covered_[b][a]);
    }
}

// What `to` says that it has processed of the feed of `from`.
herd::table::rules::Position World::received(Host from, Host to) const {
    herd::table::rules::Position position;
    processes_[to]->server.neighbours().for_each([&](const auto& neighbour, const auto&) {
        if (neighbour.name() == name(from)) position = neighbour.received;
    });
    return position;
}

// S4 and S5: what a server is said to have processed of a neighbour's feed it has, in that version
// or a newer one. Once that is so it stays so, until the record changes and has a later number.
void World::check_coverage(Host from, Host to, Covered& covered) {
    if (!failure_.empty()) return;
    const herd::table::rules::Position received = this->received(from, to);
    const std::uint64_t sender = seen_[from].epoch;
    const std::uint64_t receiver = seen_[to].epoch;
    if (received.epoch != sender) return;
    if (covered.sender != sender || covered.receiver != receiver) covered = {sender, receiver, 0};
    if (received.seq <= covered.seq && received.sweep_target == 0) return;
    for (std::uint32_t slot = 0; slot < table(from).slots(); ++slot) {
        if (!table(from).used(slot)) continue;
        const herd::table::Record& record = table(from).at(slot);
        const bool swept = slot < received.sweep_slot && record.seq <= received.sweep_target;
        if (record.seq > covered.seq && (record.seq <= received.seq || swept)) {
            check_covered(from, to, record);
        }
    }
    covered.seq = std::max(covered.seq, received.seq);
}

void World::check_covered(Host from, Host to, const herd::table::Record& record) {
    const herd::table::LocationTable& here = table(to);
    const herd::table::Record* other = here.find(table(from).client(record));
    const bool has =
        other != nullptr && !older(version_of(here, *other), version_of(table(from), record));
    if (has || !comparable(from, to, record)) return;
    fail("S4",
         name(to) + " is taken to have " + std::string(table(from).line(record)) + " from " +
             name(from) + " and has " +
             (other == nullptr ? "nothing" : std::string(here.line(*other))));
}

// `ttl_s` after it counts as made, by the server's own clock.
bool World::expired(Host host, const protocol::AtLine& at) const {
    const std::int64_t ttl_s = configs_[host].ttl_s;
    return ttl_s > 0 && kernel_.wall_ns(host) - ttl_s * 1'000'000'000 >= effective_ns(at);
}

// L5: a link that has something to send, and room for it, does not sleep.
void World::check_idle() {
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] == nullptr) continue;
        processes_[host]->server.neighbours().for_each([&](const auto& neighbour,
                                                           const auto& link) {
            if (!link.runnable()) return;
            fail("L5", name(host) + " sleeps and could send to " + std::string(neighbour.name()));
        });
    }
}

// B1: what a connection holds in memory is bounded: an unfinished line, a batch that the kernel has
// not taken.
// B2: so is what a server holds for all of them.
void World::check_memory() {
    constexpr std::uint64_t blocks_per_connection = 2;
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] == nullptr) continue;
        const herd::Server& server = processes_[host]->server;
        const reactor::BlockPool& blocks = server.wire().blocks();
        const std::uint64_t connections = kernel_.open_descriptors(host);
        const std::uint64_t farewells = server.clients().subscriptions();
        if (blocks.in_use() > blocks_per_connection * connections + farewells) {
            fail("B1", name(host) + " holds " + std::to_string(blocks.in_use()) + " blocks");
        }
        if (connections > herd::descriptors(scenario_.config)) {
            fail("B2", name(host) + " holds " + std::to_string(connections) + " descriptors");
        }
    }
}

// G1: however its writes end, a log has whole lines only.
void World::check_logs() {
    for (Host host = 0; host < processes_.size(); ++host) {
        if (kernel_.log_of(host).torn())
            fail("G1", "a line in the log of " + name(host) + " is torn");
    }
}

}  // namespace sim
