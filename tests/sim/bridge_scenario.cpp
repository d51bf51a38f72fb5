#include "tests/sim/bridge_scenario.hpp"

#include "tests/sim/units.hpp"

#include <cassert>
#include <numeric>
#include <string>

namespace sim {

BridgeScenario::BridgeScenario(Random& random) {
    draw_herds(random);
    draw_limits(random);
    draw_weights(random);
    draw_broker(random);
    draw_network(random);
    draw_healing(random);
}

Host BridgeScenario::add(const std::string& name, std::size_t herd) {
    const Host host = servers();
    const auto port = static_cast<std::uint16_t>(1000 + host);
    config.servers.push_back({name,
                              reactor::Address::loopback(port),
                              reactor::Address::loopback(static_cast<std::uint16_t>(port + 100)),
                              {}});
    herd_of.push_back(herd);
    return host;
}

void BridgeScenario::link(Host a, Host b) {
    links.emplace_back(a, b);
    config.servers[a].neighbours.push_back(config.servers[b].name);
    config.servers[b].neighbours.push_back(config.servers[a].name);
}

// Each herd has one or two servers, and a bridge or two.
void BridgeScenario::draw_herds(Random& random) {
    const std::size_t herds = random.chance(30) ? 3 : 2;
    std::vector<Host> firsts;
    for (std::size_t herd = 0; herd < herds; ++herd) {
        const std::string letter(1, static_cast<char>('A' + herd));
        const Host first = add(letter + "0", herd);
        firsts.push_back(first);
        const bool second = random.chance(40);
        if (second) link(first, add(letter + "1", herd));
        for (int i = random.chance(25) ? 2 : 1; i > 0; --i) {
            const Host bridge = add(letter + "b" + std::to_string(i), herd);
            bridges.push_back(bridge);
            config.servers[bridge].bridge = true;
            // Some have clients as well.
            if (random.chance(80)) config.servers[bridge].clients = {};
            link(first, bridge);
            if (second && random.chance(50)) link(first + 1, bridge);
        }
    }
    // What has two ways comes by both.
    if (random.chance(10)) {
        link(firsts[0], firsts[1]);
        for (std::size_t& herd : herd_of) herd = herd == 1 ? 0 : herd;
    }
    clients = static_cast<std::uint32_t>(random.between(1, random.chance(20) ? 16 : 6));
    events = random.between(20, 100);
    patient = random.chance(10);
}

herd::config::Config BridgeScenario::config_of(Host host) const {
    herd::config::Config own = config;
    own.servers.clear();
    for (Host other = 0; other < servers(); ++other) {
        if (herd_of[other] == herd_of[host]) own.servers.push_back(config.servers[other]);
    }
    return own;
}

void BridgeScenario::draw_limits(Random& random) {
    herd::config::Limits& limits = config.limits;
    limits.clients = 32;
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
    const bool on_disk = random.chance(60);
    config.bridge.addresses = {reactor::Address::loopback(broker_port)};
    config.bridge.bucket = "x";
    config.bridge.storage = on_disk ? herd::config::Storage::file : herd::config::Storage::memory;
    config.bridge.window =
        static_cast<std::uint32_t>(random.chance(50) ? random.between(1, 4) : 64);
    bucket = {.name = "KV_x", .subjects = "$KV.x.>", .on_disk = on_disk};
}

void BridgeScenario::draw_weights(Random& random) {
    weight(BridgeEvent::report) = 60;
    const auto maybe = [&](BridgeEvent event, unsigned percent, std::int64_t most) {
        if (random.chance(percent)) weight(event) = static_cast<unsigned>(random.between(1, most));
    };
    maybe(BridgeEvent::foreign, 30, 8);
    maybe(BridgeEvent::cut, 50, 8);
    maybe(BridgeEvent::mute, 20, 4);
    maybe(BridgeEvent::reset, 30, 8);
    maybe(BridgeEvent::stop, 50, 6);
    maybe(BridgeEvent::kill_broker, 60, 8);
    maybe(BridgeEvent::stall, 20, 4);
    maybe(BridgeEvent::mood, 25, 6);
    maybe(BridgeEvent::hang_up, 20, 6);
    maybe(BridgeEvent::remove, 15, 4);
    maybe(BridgeEvent::purge, 15, 4);
    maybe(BridgeEvent::lose, 10, 4);
    maybe(BridgeEvent::lie, 15, 20);
    if (has(BridgeEvent::cut) || has(BridgeEvent::mute)) {
        weight(BridgeEvent::heal) = static_cast<unsigned>(random.between(2, 10));
    }
    if (has(BridgeEvent::stop)) {
        weight(BridgeEvent::start) = static_cast<unsigned>(random.between(2, 8));
    }
    if (has(BridgeEvent::kill_broker)) {
        weight(BridgeEvent::start_broker) = static_cast<unsigned>(random.between(4, 12));
    }
}

void BridgeScenario::draw_broker(Random& random) {
    const auto maybe = [&](unsigned percent, std::int64_t most) {
        return random.chance(percent) ? static_cast<unsigned>(random.between(1, most)) : 0;
    };
    broker.drops = maybe(15, 30);
    broker.silences = maybe(10, 20);
    broker.swaps = maybe(30, 60);
    broker.doubles = maybe(20, 40);
    if (has(BridgeEvent::lie)) broker.lies = maybe(50, 30);
    if (random.chance(20)) broker.think_ns = random.between(1, 2000) * ms;
    if (bucket.on_disk) {
        goes_back = maybe(60, 100);
        loses_latest = random.chance(40);
    }
    premade = random.chance(20);
    // Somebody else may have made it, with what KV clients ask for.
    if (premade && random.chance(50)) bucket.duplicate_window_ns = 120'000 * ms;
    if (premade && random.chance(30)) bucket.max_bytes = random.between(200, 500);
    // What went back can be healed only by who may purge.
    bucket.deny_purge = premade && goes_back == 0 && random.chance(20);
}

void BridgeScenario::draw_network(Random& random) {
    if (random.chance(30)) faults.short_receive = 30;
    if (random.chance(30)) faults.short_send = 30;
    if (random.chance(10)) faults.connect_fails = 30;
    if (random.chance(10)) faults.socket_fails = 10;
    path = {.buffer_size = std::size_t{64} << 10,
            .delay_min_ns = 20'000,
            .delay_max_ns = random.chance(30) ? 50 * ms : 500'000};
    if (random.chance(20)) path.buffer_size = static_cast<std::size_t>(random.between(128, 1024));
}

// Of a copy, as all that is drawn after it would be other than it was for seeds that are known.
void BridgeScenario::draw_healing(Random random) {
    if (random.chance(50)) config.bridge.purged_singly = random.below(3);
}

BridgeEvent BridgeScenario::draw_event(Random& random) const {
    auto dice = random.below(std::accumulate(weights.begin(), weights.end(), 0U));
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (dice < weights[i]) return static_cast<BridgeEvent>(i);
        dice -= weights[i];
    }
    assert(false);
    return BridgeEvent::report;
}

}  // namespace sim
