#include "tests/sim/scenario.hpp"

#include "tests/sim/units.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <numeric>
#include <string>

namespace sim {

namespace {

constexpr Host servers_max = 7;
constexpr std::int64_t clients_max = 8;
constexpr std::uint32_t many_clients = 16;

}  // namespace

Scenario::Scenario(Random& random, bool liar_wanted) {
    draw_herd(random);
    draw_graph(random);
    draw_limits(random);
    draw_weights(random);
    draw_network(random);
    draw_disk(random);
    watch = random.chance(2);
    if (random.chance(1) && !liar_wanted) draw_overload();
    draw_liar(random, liar_wanted);
    draw_ahead(random);
    draw_seals(random);
    draw_http(random);
    draw_udp(random);
    draw_near(random);
    draw_settings(random);
    draw_loads(random);
}

void Scenario::draw_herd(Random& random) {
    const auto servers = static_cast<Host>(random.between(2, random.chance(30) ? servers_max : 4));
    clients = static_cast<std::uint32_t>(random.between(1, clients_max));
    events = random.between(30, 160);
    for (Host host = 0; host < servers; ++host) {
        const auto port = static_cast<std::uint16_t>(1000 + host);
        config.servers.push_back(
            {std::string("S") + std::to_string(host),
             reactor::Address::loopback(port),
             reactor::Address::loopback(static_cast<std::uint16_t>(port + 100)),
             {}});
    }
}

// A tree, so that all are connected, and then a few links more.
void Scenario::draw_graph(Random& random) {
    const auto servers = static_cast<Host>(config.servers.size());
    for (Host host = 1; host < servers; ++host) {
        links.emplace_back(static_cast<Host>(random.below(host)), host);
    }
    for (Host a = 0; a < servers; ++a) {
        for (Host b = a + 1; b < servers; ++b) {
            const bool there = std::ranges::find(links, std::pair(a, b)) != links.end();
            if (!there && random.chance(25)) links.emplace_back(a, b);
        }
    }
    for (const auto& [a, b] : links) {
        config.servers[a].neighbours.push_back(config.servers[b].name);
        config.servers[b].neighbours.push_back(config.servers[a].name);
    }
}

// Small ones find more than big ones do.
void Scenario::draw_limits(Random& random) {
    herd::config::Limits& limits = config.limits;
    limits.clients = many_clients;
    limits.long_records = 2;
    limits.connections = 8;
    limits.subscriptions = 12;
    limits.subscriptions_per_client = 3;
    limits.peer_connections = 32;
    limits.line_max = 256;
    limits.blocks = 64;
    limits.places_body_max = 4096;
    limits.records_per_turn = static_cast<std::uint32_t>(random.between(1, 4));
    limits.lines_per_turn = static_cast<std::uint32_t>(random.between(1, 4));
    if (random.chance(10)) limits.clients = static_cast<std::uint32_t>(random.between(1, clients));
    limits.sync_ms = static_cast<std::uint32_t>(random.between(100, 3000));
    long_names = random.chance(30);
    if (long_names && random.chance(70)) limits.long_records = many_clients;
    if (random.chance(10)) limits.connections = 2;
    if (random.chance(10)) {
        limits.blocks = static_cast<std::uint32_t>(random.between(8, 16)) +
                        herd::config::blocks_of_neighbour * config.neighbours_max();
    }
    if (random.chance(10)) {
        limits.peer_connections = static_cast<std::uint32_t>(config.servers.size()) + 1;
    }
    if (random.chance(15)) {
        present_stamps = true;
        config.max_future_ms = random.between(500, 5000);
    }
    if (random.chance(10)) {
        present_stamps = true;
        config.ttl_s = random.between(1, 12);
    }
}

void Scenario::draw_weights(Random& random) {
    weight(Event::report) = 78;
    weight(Event::question) = 4;
    const auto maybe = [&](Event event, unsigned percent, std::int64_t most) {
        if (random.chance(percent)) weight(event) = static_cast<unsigned>(random.between(1, most));
    };
    maybe(Event::sync, 40, 6);
    maybe(Event::leave, 30, 6);
    maybe(Event::cut, 75, 12);
    maybe(Event::mute, 25, 6);
    maybe(Event::reset, 30, 10);
    maybe(Event::swizzle, 10, 2);
    maybe(Event::stop, 75, 8);
    if (config.ttl_s == 0) maybe(Event::jump, 25, 4);
    maybe(Event::intrude, 15, 4);
    maybe(Event::log, 30, 4);
    if (has(Event::cut) || has(Event::mute)) {
        weight(Event::heal) = static_cast<unsigned>(random.between(2, 10));
    }
    if (has(Event::stop)) weight(Event::start) = static_cast<unsigned>(random.between(2, 8));
}

void Scenario::draw_network(Random& random) {
    if (random.chance(40)) faults.short_receive = 30;
    if (random.chance(40)) faults.short_send = 30;
    if (random.chance(15)) faults.accept_fails = 20;
    if (random.chance(15)) faults.connect_fails = 30;
    if (random.chance(10)) faults.socket_fails = 20;
    if (random.chance(10)) faults.send_fails = static_cast<unsigned>(random.between(1, 5));
    path = {.buffer_size = std::size_t{64} << 10,
            .delay_min_ns = 20'000,
            .delay_max_ns = random.chance(30) ? 50 * ms : 500'000};
    if (random.chance(25)) path.buffer_size = static_cast<std::size_t>(random.between(64, 512));
    visitor_path = path;
    visitor_path.delay_max_ns = 500'000;
    slow = {.buffer_size = 64, .delay_min_ns = 50 * ms, .delay_max_ns = 200 * ms};
    // Links so slow that followers fall behind, sweep, and are cut in the middle of it.
    if (random.chance(12)) {
        path = slow;
        clients = many_clients;
    } else if (random.chance(20)) {
        for (const auto& link : links) {
            if (random.chance(40)) slow_links.push_back(link);
        }
        if (random.chance(50)) clients = many_clients;
    }
}

void Scenario::draw_disk(Random& random) {
    journal = random.chance(35);
    if (!journal) return;
    if (random.chance(40)) config.journal.fsync = herd::config::Fsync::always;
    config.journal.pace = {.slack = static_cast<std::uint64_t>(random.between(0, 600)),
                           .overdue_per_pump = static_cast<std::uint64_t>(random.between(1, 4)),
                           .records_per_pump = static_cast<std::uint64_t>(random.between(1, 4)),
                           .unsynced_max = static_cast<std::uint64_t>(random.between(500, 2000))};
    power_end = random.chance(40);
    sync_ns = random.between(1, random.chance(50) ? 300 : 5) * ms;
    holes = random.chance(75);
    if (random.chance(30)) weight(Event::disk) = static_cast<unsigned>(random.between(1, 5));
    hangs = has(Event::disk) && random.chance(50);
    // Soon enough to be over in a run, and late enough for a disk that is well.
    if (hangs) {
        sync_ns = std::min(sync_ns, 20 * ms);
        config.limits.journal_ms = static_cast<std::uint32_t>(random.between(300, 2000));
    }
    reconfigures = has(Event::stop) && random.chance(25);
    shrink_end = random.chance(15);
    if (random.chance(30)) weight(Event::snapshot) = static_cast<unsigned>(random.between(1, 4));
}

// Two servers, and a link between them that can carry some eight records a second.
void Scenario::draw_overload() {
    overload = true;
    config.servers.resize(2);
    config.servers[0].neighbours = {config.servers[1].name};
    config.servers[1].neighbours = {config.servers[0].name};
    links = {{0, 1}};
    slow_links = {};
    path = slow;
    clients = many_clients;
    config.limits.clients = many_clients;
    config.limits.long_records = many_clients;
    long_names = false;
    config.max_future_ms = config.ttl_s = 0;
    events = std::min<std::int64_t>(events, 40);
}

// By a chance of its own: the runs without one are what they would be anyhow. What ends with a loss
// of power is about disks, and rare enough.
void Scenario::draw_liar(Random random, bool wanted) {
    Random own(random.bits() ^ 0x11a5);
    if (wanted) power_end = false;
    if (overload || power_end || (own.chance(75) && !wanted)) return;
    liar = true;
    weight(Event::lie) = static_cast<unsigned>(own.between(5, 80));
    const auto host = static_cast<std::uint16_t>(config.servers.size());
    config.servers.push_back({"L",
                              reactor::Address::loopback(static_cast<std::uint16_t>(1000 + host)),
                              reactor::Address::loopback(static_cast<std::uint16_t>(1100 + host)),
                              {}});
    for (Host other = 0; other < host; ++other) {
        if (other > 0 && own.chance(50)) continue;
        config.servers[other].neighbours.push_back(config.servers[host].name);
        config.servers[host].neighbours.push_back(config.servers[other].name);
    }
    // Its connections and blocks are not to be those of others.
    config.limits.peer_connections += 8;
    config.limits.blocks += 2 * herd::config::blocks_of_neighbour;
}

// By a chance of its own, as above. A liar may forge when a server received a report, too.
void Scenario::draw_ahead(Random random) {
    Random own(random.bits() ^ 0xa4ead);
    if (overload) return;
    ahead = own.chance(15);
    if (ahead) present_stamps = true;
    ahead_end = own.chance(5) && !liar && config.max_future_ms == 0;
}

// By a chance of its own, as above. So few visits that most searches take several turns.
void Scenario::draw_near(Random random) {
    Random own(random.bits() ^ 0x6ea4);
    near = own.chance(30) && !overload;
    if (!near) return;
    places = static_cast<Places>(own.below(4));
    config.limits.visits_per_turn = static_cast<std::uint32_t>(own.between(1, 200));
    if (own.chance(20)) config.limits.searches = 1;
}

Event Scenario::draw_event(Random& random) const {
    auto dice = random.below(std::accumulate(weights.begin(), weights.end(), 0U));
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (dice < weights[i]) return static_cast<Event>(i);
        dice -= weights[i];
    }
    assert(false);
    return Event::report;
}

// Drawn of a copy: what else a seed has drawn stays. Whoever lies, or is listened to, speaks
// plainly.
void Scenario::draw_seals(Random random) {
    const bool sealed = random.chance(25) && !liar && !watch && !overload;
    if (!sealed) return;
    config.keys = "keys";
    if (random.chance(50)) faults.seal_refusals = static_cast<unsigned>(random.between(1, 50));
    migrates = random.chance(40);
    config.insecure_peers = migrates;
}

// Likewise. Whoever has moved comes from where no neighbour is known to be, and so has less time
// for its first line than slow paths take.
void Scenario::draw_settings(Random random) {
    Random own(random.bits() ^ 0x5e77);
    reloads = own.chance(25);
    named = own.chance(25) && !liar && !overload && !is_slow();
    if (!named) return;
    for (herd::config::Server& server : config.servers) {
        server.peers_name = server.name + ".sim";
        server.listen = server.peers;
        server.peers = {.port = server.peers.port};
    }
}

// Likewise. Whose journals are read while they serve: so little at a time that it takes a while.
void Scenario::draw_loads(Random random) {
    Random own(random.bits() ^ 0x10ad);
    herd::config::Journal& kept = config.journal;
    kept.listen_first = journal && own.chance(40);
    if (!kept.listen_first) return;
    kept.pace.piece = static_cast<std::uint64_t>(own.between(1, own.chance(50) ? 100 : 2000));
    kept.pace.lines_per_pump = static_cast<std::uint64_t>(own.between(1, 8));
}

// Likewise. There strangers come more often.
void Scenario::draw_http(Random random) {
    Random own(random.bits() ^ 0x4177);
    if (overload || !own.chance(30)) return;
    for (Host host = 0; host < servers(); ++host) {
        config.servers[host].http =
            reactor::Address::loopback(static_cast<std::uint16_t>(1200 + host));
    }
    config.limits.http_connections = static_cast<std::uint32_t>(own.between(1, 8));
    weight(Event::intrude) += static_cast<unsigned>(own.between(1, 8));
}

// Likewise. There reports come as datagrams, too.
void Scenario::draw_udp(Random random) {
    Random own(random.bits() ^ 0xda7a);
    if (overload || !own.chance(30)) return;
    for (Host host = 0; host < servers(); ++host) {
        config.servers[host].udp =
            reactor::Address::loopback(static_cast<std::uint16_t>(1300 + host));
    }
}

}  // namespace sim
