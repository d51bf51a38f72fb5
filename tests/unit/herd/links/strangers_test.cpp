#include "tests/unit/herd/small_world.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace herd::small_world;

constexpr std::uint16_t peers_of_a = 1100;

}  // namespace

TEST_CASE("strangers: however many come, a neighbour is heard", "[herd][links]") {
    herd::config::Config config = herd_of_two();
    config.limits.peer_connections = 160;
    World world(config, 2);
    world.run(1s);
    REQUIRE(world.b().neighbours().reach().live == 1);
    std::vector<int> strangers;
    for (int i = 0; i < 200; ++i) strangers.push_back(world.connect(peers_of_a));
    CHECK(world.a().counters().strangers_evicted >= 160);
    CHECK(world.a().counters().peers_waited == 0);
    world.kernel.enter(1);
    world.servers[1].reset();
    world.servers[1] = std::make_unique<Process>(world.kernel, config, 1);
    world.servers[1]->start();
    for (int i = 0; i < 20; ++i) world.connect(peers_of_a);
    world.run(1s);
    CHECK(world.a().counters().strangers_evicted >= 180);
    CHECK(world.b().neighbours().reach().live == 1);
    CHECK(world.a().neighbours().reach().live == 1);
    // They cannot push it out any more.
    for (int i = 0; i < 100; ++i) world.connect(peers_of_a);
    CHECK(world.b().neighbours().reach().live == 1);
    world.a().check();
}

TEST_CASE("strangers: who asks for the status is answered among them", "[herd][links]") {
    World world;
    for (int i = 0; i < 100; ++i) world.connect(peers_of_a);
    const int asks = world.connect(peers_of_a);
    world.say(asks, "STATUS\n");
    CHECK(world.hear(asks).ends_with("}\n$"));
}

TEST_CASE("strangers: a first line has a second, where a neighbour is it has longer",
          "[herd][links]") {
    World world;
    const int silent = world.connect_from(1, peers_of_a);
    const int slow = world.connect_from(2, peers_of_a);
    // Where a neighbour is, the way may be long.
    const int expected = world.connect(peers_of_a);
    world.say(slow, "STAT");
    world.run(2100ms);
    CHECK(world.closed(silent));
    CHECK(world.closed(slow));
    CHECK_FALSE(world.closed(expected));
    CHECK(world.a().counters().links_silent == 2);
}

TEST_CASE("strangers: they borrow none of the blocks that are kept for neighbours",
          "[herd][links]") {
    herd::config::Config config = herd_of_two();
    config.limits.blocks = 16;
    config.limits.places_body_max = 4'096;
    World world(config);
    std::vector<int> strangers;
    for (int i = 0; i < 20; ++i) {
        strangers.push_back(world.connect(peers_of_a));
        world.say(strangers.back(), "H");
    }
    CHECK(world.a().wire().blocks().in_use() == 14);
    CHECK(world.a().wire().blocks().available(true) == 2);
}

TEST_CASE("strangers: who comes from where a neighbour is outlasts the others", "[herd][links]") {
    World world;
    const int expected = world.connect(peers_of_a);
    for (int i = 0; i < 100; ++i) world.connect_from(66, peers_of_a);
    CHECK_FALSE(world.closed(expected));
    CHECK(world.a().counters().strangers_evicted >= 60);
}

// Who has an old server's address may be anybody, and needs no right to a slot.
TEST_CASE("strangers: whatever comes from an old server's address, a neighbour is heard",
          "[herd][links][legacy]") {
    constexpr std::uint8_t old = 66;
    herd::config::Config config = herd_of_two();
    const reactor::Address address{{10, 0, 0, old}, false, 1002};
    config.servers[0].neighbours.push_back("Old");
    config.servers.push_back({"Old", address, address, {"A"}, true});
    config.limits.peer_connections = 160;
    for (const std::string said :
         {"", "AT A +0.5 c +1-1 5\n", "AT A ", "HELLO 1 B 1 0 0\n", "x\n"}) {
        INFO(said);
        World world(config, 2);
        world.run(1s);
        REQUIRE(world.b().neighbours().reach().live == 1);
        const auto come = [&](int count) {
            for (int i = 0; i < count; ++i) {
                const int fd = world.connect_from(old, peers_of_a);
                world.kernel.enter(visitors);
                static_cast<void>(world.kernel.send(fd, said));
                world.run(25ms);
            }
        };
        come(200);
        world.kernel.enter(1);
        world.servers[1].reset();
        world.servers[1] = std::make_unique<Process>(world.kernel, config, 1);
        world.servers[1]->start();
        come(200);
        CHECK(world.b().neighbours().reach().live == 1);
        const int asks = world.connect_from(7, peers_of_a);
        world.say(asks, "STATUS\n");
        CHECK(world.hear(asks).ends_with("}\n$"));
        world.a().check();
    }
}
