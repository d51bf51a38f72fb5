// A mistake of an operator: a second server with the name of one that runs is started elsewhere,
// and dials the same neighbours. Nobody dials it.
#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

namespace namesake_test {

using namespace herd::small_world;

namespace {

constexpr sim::Host twin_host = 4;
constexpr std::uint16_t twin_port = 1000 + twin_host;
constexpr std::uint16_t t_port = 1003;

// A ring of four: A, B, C and T.
herd::config::Config ring() {
    using reactor::Address;
    herd::config::Config config = herd_of_two();
    config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"B", "T"}},
                      {"B", Address::loopback(1001), Address::loopback(1101), {"A", "C"}},
                      {"C", Address::loopback(1002), Address::loopback(1102), {"B", "T"}},
                      {"T", Address::loopback(t_port), Address::loopback(1103), {"A", "C"}}};
    return config;
}

// The same, as it is written where the second T is started.
herd::config::Config ring_of_twin() {
    using reactor::Address;
    herd::config::Config config = ring();
    config.servers[3].name = "nobody";
    config.servers.push_back(
        {"T", Address::loopback(twin_port), Address::loopback(1104), {"A", "C"}});
    return config;
}

class Ring : public World {
public:
    Ring() : World(ring(), 4) { run(1s); }

    void start_twin() {
        kernel.enter(twin_host);
        servers.push_back(std::make_unique<Process>(kernel, twin_config_, twin_host));
        servers.back()->start();
    }
    void stop(sim::Host host) {
        kernel.enter(host);
        servers[host]->server.shut_down();
        for (int i = 0; i < 100 && servers[host]->stopped == 0; ++i) run(10ms);
        REQUIRE(servers[host]->stopped == 1);
    }
    void report(std::uint16_t port, const std::string& client) {
        const int fd = connect(port);
        say(fd, "IAMAT " + client + " +34.0-118.0 " + std::to_string(++stamp_) + "\n");
        kernel.enter(visitors);
        kernel.close(fd);
    }
    bool knows(sim::Host host, const std::string& client) const {
        return servers[host]->server.table().find(client) != nullptr;
    }
    bool all_know(const std::string& client) const {
        return knows(0, client) && knows(1, client) && knows(2, client);
    }
    bool equal() const { return root(0) == root(1) && root(1) == root(2); }
    std::uint64_t root(sim::Host host) const {
        return servers[host]->server.table().digest().root();
    }
    // What A, B and C hear in a minute, in bytes.
    std::uint64_t heard_in_a_minute() {
        const std::uint64_t before = heard();
        run(60s);
        return heard() - before;
    }

private:
    std::uint64_t heard() const {
        std::uint64_t sum = 0;
        for (sim::Host host = 0; host < 3; ++host) {
            sum += servers[host]->server.wire().counters().bytes_in;
        }
        return sum;
    }

    const herd::config::Config twin_config_ = ring_of_twin();
    std::int64_t stamp_ = 1'600'000'000;
};

}  // namespace

TEST_CASE("namesake: it makes next to no noise, and the others stay equal", "[herd][namesake]") {
    Ring ring;
    for (int i = 0; i < 90; ++i) ring.report(t_port, "c" + std::to_string(i));
    ring.run(1s);
    const std::uint64_t usual = ring.heard_in_a_minute();
    const std::size_t descriptors = ring.kernel.open_descriptors(0);
    ring.start_twin();
    ring.run(10s);
    const std::uint64_t with_it = ring.heard_in_a_minute();
    CAPTURE(usual, with_it);
    CHECK(with_it < usual + usual / 5);
    CHECK(ring.kernel.open_descriptors(0) <= descriptors + 1);
    CHECK(ring.servers[0]->server.wire().blocks().in_use() == 0);
    ring.report(t_port, "told-to-t");
    ring.report(1001, "told-to-b");
    ring.report(twin_port, "told-to-twin");
    ring.run(1s);
    CHECK(ring.all_know("told-to-t"));
    CHECK(ring.knows(3, "told-to-b"));
    CHECK(ring.equal());
}

TEST_CASE("namesake: all is well when it stops", "[herd][namesake]") {
    Ring ring;
    ring.start_twin();
    ring.run(20s);
    ring.stop(twin_host);
    ring.report(t_port, "told-to-t");
    ring.report(1001, "told-to-b");
    ring.run(1s);
    CHECK(ring.all_know("told-to-t"));
    CHECK(ring.root(3) == ring.root(0));
    CHECK(ring.equal());
    for (const auto& each : ring.servers) CHECK(each->server.wire().blocks().in_use() == 0);
}

TEST_CASE("namesake: nor is it listened to when the server itself has stopped",
          "[herd][namesake]") {
    Ring ring;
    ring.start_twin();
    ring.report(twin_port, "told-to-twin");
    ring.stop(3);
    ring.run(10s);
    CHECK_FALSE(ring.knows(0, "told-to-twin"));
    CHECK_FALSE(ring.knows(2, "told-to-twin"));
    CHECK(ring.equal());
    ring.report(1001, "told-to-b");
    const std::uint64_t before = ring.heard_in_a_minute();
    CHECK(ring.heard_in_a_minute() < before + before / 5);
    CHECK(ring.equal());
}

}  // namespace namesake_test
