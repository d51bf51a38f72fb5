// Servers of ours and an old one between them, in virtual time, while it is killed and links are
// cut.
#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/random.hpp"
#include "tests/unit/herd/links/old_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mixed_herd_test {

namespace {

using namespace std::chrono_literals;

constexpr sim::Host visitors = 9;
constexpr sim::Host old_host = 8;
constexpr std::uint16_t old_port = 1008;
const std::vector<std::string> names = {"A", "B", "C"};

using Links = std::vector<std::pair<std::string, std::string>>;

herd::config::Config configure(const Links& links) {
    using reactor::Address;
    herd::config::Config config;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto clients = static_cast<std::uint16_t>(1000 + i);
        const auto peers = static_cast<std::uint16_t>(1100 + i);
        config.servers.push_back(
            {names[i], Address::loopback(clients), Address::loopback(peers), {}});
    }
    config.servers.push_back(
        {"Old", Address::loopback(old_port), Address::loopback(old_port), {}, true});
    const auto server = [&](const std::string& name) {
        return std::ranges::find(config.servers, name, &herd::config::Server::name);
    };
    for (const auto& [one, other] : links) {
        server(one)->neighbours.push_back(other);
        server(other)->neighbours.push_back(one);
    }
    config.limits.clients = 100;
    config.limits.long_records = 1;
    config.limits.blocks = 256;
    config.limits.connections = 40;
    return config;
}

struct Process {
    Process(const herd::config::Config& config, std::size_t index)
        : server(loop, places, config, config.servers[index], {}) {
        REQUIRE(loop.open(herd::loop_limits(config)).has_value());
        REQUIRE(server.open().has_value());
        server.start();
    }

    reactor::Loop loop;
    sim::FakePlaces places{loop};
    herd::Server server;
};

class World {
public:
    World(std::uint64_t seed, const Links& links, bool reads_once)
        : kernel(seed), random(seed ^ 77), config(configure(links)) {
        for (sim::Host host = 0; host < names.size(); ++host) {
            kernel.enter(host);
            ours.push_back(std::make_unique<Process>(config, host));
        }
        std::vector<legacy::OldServer::Neighbour> neighbours;
        for (const std::string& name : config.servers.back().neighbours) {
            neighbours.push_back({name, config.find(name)->peers.port});
        }
        old =
            std::make_unique<legacy::OldServer>(kernel, old_host, old_port, neighbours, reads_once);
        run(1s);
    }
    ~World() {
        for (sim::Host host = 0; host < names.size(); ++host) {
            kernel.enter(host);
            ours[host].reset();
        }
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void run(reactor::Duration duration) {
        const std::int64_t until = kernel.now_ns() + duration.count();
        while (kernel.now_ns() < until) {
            std::int64_t next = until;
            bool turned = false;
            for (sim::Host host = 0; host < ours.size(); ++host) {
                reactor::Loop& loop = ours[host]->loop;
                const std::int64_t wakes = loop.wakes_at().time_since_epoch().count();
                next = std::min(next, wakes);
                if (wakes > kernel.now_ns() && !kernel.ready(host)) continue;
                kernel.enter(host);
                loop.run_once();
                turned = true;
            }
            old->step();
            if (turned) continue;
            if (const auto arrival = kernel.next_arrival()) next = std::min(next, *arrival);
            kernel.advance_to(std::max(next, kernel.now_ns() + 1));
        }
    }
    // A client reports to one of ours.
    void report(sim::Host host, const std::string& client, std::int64_t stamp) {
        kernel.enter(visitors);
        const int fd = *kernel.open_socket();
        const auto port = static_cast<std::uint16_t>(1000 + host);
        static_cast<void>(kernel.connect(fd, reactor::Address::loopback(port)));
        run(2ms);
        kernel.enter(visitors);
        REQUIRE(kernel.take_error(fd).has_value());
        const std::string line = "IAMAT " + client + " +1-1 " + std::to_string(stamp) + "\n";
        REQUIRE(*kernel.send(fd, line) == line.size());
        run(2ms);
        kernel.enter(visitors);
        kernel.close(fd);
    }
    void report_to_old(const std::string& client, std::int64_t stamp) const {
        if (!old->runs()) return;
        const std::string at_line = "AT Old +0.5 " + client + " +1-1 " + std::to_string(stamp);
        old->update(client, at_line, "");
    }
    std::string random_client() { return "c" + std::to_string(random.below(5)); }
    std::int64_t next_stamp() {
        latest += static_cast<std::int64_t>(random.below(3));
        return latest - static_cast<std::int64_t>(random.below(4));
    }
    void trouble() {
        const auto host = static_cast<sim::Host>(random.below(names.size()));
        switch (random.below(6)) {
            case 0:
                return old->kill();
            case 1:
            case 2:
                if (!old->runs()) old->start();
                return;
            case 3:
                return kernel.cut(host, old_host, random.chance(50));
            case 4:
                return kernel.heal(host, old_host);
            default:
                return kernel.cut(host, (host + 1) % 3, random.chance(50));
        }
    }
    void heal() {
        kernel.heal_all();
        if (!old->runs()) old->start();
        run(20s);
    }

    std::string line(sim::Host host, const std::string& client) {
        const herd::table::LocationTable& table = ours[host]->server.table();
        const herd::table::Record* record = table.find(client);
        return record == nullptr ? "" : std::string(table.line(*record));
    }
    bool ours_equal() {
        bool equal = true;
        for (int i = 0; i < 5; ++i) {
            const std::string client = "c" + std::to_string(i);
            for (sim::Host host = 1; host < ours.size(); ++host) {
                equal = equal && line(host, client) == line(0, client);
            }
        }
        return equal;
    }
    bool old_equal() {
        bool equal = true;
        for (int i = 0; i < 5; ++i) {
            const std::string client = "c" + std::to_string(i);
            equal = equal && old->lines[client] == line(0, client);
        }
        return equal;
    }

    sim::FakeKernel kernel;
    sim::Random random;
    herd::config::Config config;
    std::vector<std::unique_ptr<Process>> ours;
    std::unique_ptr<legacy::OldServer> old;
    std::int64_t latest = 1000;
};

const Links around = {{"A", "B"}, {"B", "C"}, {"A", "Old"}, {"B", "Old"}, {"C", "Old"}};

}  // namespace

TEST_CASE("mixed herd: an old server passes updates on between servers that only it connects",
          "[herd][legacy]") {
    for (const bool reads_once : {false, true}) {
        World world(1, {{"A", "Old"}, {"B", "Old"}, {"B", "C"}}, reads_once);
        CHECK(world.ours[1]->server.neighbours().reach().live == 2);
        world.report(0, "c0", 5);
        world.report(2, "c1", 5);
        world.report_to_old("c2", 5);
        world.run(100ms);
        CHECK(world.ours_equal());
        CHECK(world.old_equal());
        CHECK(world.line(0, "c1").starts_with("AT C "));
        CHECK(world.line(2, "c0").starts_with("AT A "));
        CHECK(world.line(2, "c2") == "AT Old +0.5 c2 +1-1 5");
    }
}

TEST_CASE("mixed herd: an old server that is killed and cut off has all of ours afterwards",
          "[herd][legacy]") {
    for (std::uint64_t seed = 1; seed <= 75; ++seed) {
        INFO("seed " << seed);
        World world(seed, around, seed % 2 == 0);
        for (int i = 0; i < 60; ++i) {
            const auto host = static_cast<sim::Host>(world.random.below(3));
            world.report(host, world.random_client(), world.next_stamp());
            if (world.random.chance(30)) world.trouble();
            if (world.random.chance(20)) world.run(std::chrono::seconds(world.random.below(4)));
        }
        world.heal();
        REQUIRE(world.ours_equal());
        REQUIRE(world.old_equal());
    }
}

TEST_CASE("mixed herd: whatever clients tell an old server, ours agree", "[herd][legacy]") {
    for (std::uint64_t seed = 1; seed <= 75; ++seed) {
        INFO("seed " << seed);
        World world(seed, around, seed % 2 == 0);
        for (int i = 0; i < 60; ++i) {
            const auto host = static_cast<sim::Host>(world.random.below(4));
            if (host < 3) {
                world.report(host, world.random_client(), world.next_stamp());
            } else {
                world.report_to_old(world.random_client(), world.next_stamp());
            }
            if (seed % 3 != 0 && world.random.chance(20)) world.trouble();
        }
        world.heal();
        REQUIRE(world.ours_equal());
        // Without trouble it agrees as well, also where it took something old at first.
        if (seed % 3 == 0) REQUIRE(world.old_equal());
    }
}

}  // namespace mixed_herd_test
