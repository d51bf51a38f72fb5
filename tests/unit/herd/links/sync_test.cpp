#include "tests/unit/herd/links/legacy_house.hpp"
#include "tests/unit/herd/small_world.hpp"

namespace sync_test {

namespace {

using namespace herd::small_world;

bool has(const herd::Server& server, const char* client) {
    return server.table().find(client) != nullptr;
}

herd::config::Config with_sync_ms(std::uint32_t sync_ms) {
    herd::config::Config config = herd_of_two();
    config.limits.sync_ms = sync_ms;
    return config;
}

// Until something comes, in steps that are shorter than anything between servers.
std::string hear_soon(World& world, int fd, reactor::Duration timeout) {
    std::string heard;
    for (auto waited = 0us; waited < timeout && heard.empty(); waited += 10us) {
        world.run(10us);
        heard = world.hear(fd);
    }
    return heard;
}

}  // namespace

TEST_CASE("sync: alone there is nobody to wait for", "[herd][sync]") {
    World world;
    const int fd = world.connect();
    world.say(fd, "IAMAT k +1-1 5\nSYNC\nSYNC now\n");
    const std::string heard = world.hear(fd);
    CHECK(heard.ends_with("\nSYNC A 0 1\n? SYNC now\n"));
    CHECK(world.a().counters().sync == 1);
}

TEST_CASE("sync: it is answered when the neighbour has what was there, and then at once",
          "[herd][sync]") {
    World world(herd_of_two(), 2);
    world.run(1s);
    const int fd = world.connect();
    // Each hop takes 1 us: there, acknowledged, and the answer.
    for (int i = 0; i < 5; ++i) {
        const std::string client = "k" + std::to_string(i);
        world.say(fd,
                  "IAMAT " + client + " +1-1 5\nSYNC\nIAMAT late +1-1 " + std::to_string(i) + "\n");
        std::string heard;
        while (heard.find("SYNC A 1 1\n") == std::string::npos) {
            const std::string more = hear_soon(world, fd, 200us);
            REQUIRE_FALSE(more.empty());
            heard += more;
        }
        CHECK(has(world.b(), client.c_str()));
        CHECK(heard.find("AT A +") == 0);
        world.run(100us);
    }
    CHECK(has(world.b(), "late"));
}

TEST_CASE("sync: of a neighbour that is silent it is said in time that it is not so",
          "[herd][sync]") {
    World world(with_sync_ms(1000), 2);
    const int fd = world.connect();
    world.kernel.cut(0, 1, false);
    world.say(fd, "IAMAT k +1-1 5\nSYNC\nWHATSAT k 10 0\n");
    CHECK(world.hear(fd).ends_with(" k +1-1 5\n"));
    world.run(990ms);
    CHECK(world.hear(fd).empty());
    world.run(20ms);
    const std::string heard = world.hear(fd);
    CHECK(heard.starts_with("? SYNC\nAT A "));
    CHECK(world.a().counters().syncs_late == 1);
}

TEST_CASE("sync: a neighbour that goes meanwhile is not waited for", "[herd][sync]") {
    for (const bool reset : {false, true}) {
        World world(with_sync_ms(20'000), 2);
        const int fd = world.connect();
        world.kernel.cut(0, 1, false);
        world.say(fd, "IAMAT k +1-1 5\nSYNC\n");
        static_cast<void>(world.hear(fd));
        if (reset) {
            world.kernel.heal(0, 1);
            world.kernel.cut(0, 1, true);
        }
        world.run(reset ? 10ms : 5s);
        CHECK(world.hear(fd) == "SYNC A 0 1\n");
        CHECK(world.a().counters().syncs_late == 0);
    }
}

TEST_CASE("sync: one that comes meanwhile is waited for", "[herd][sync]") {
    herd::config::Config config = with_sync_ms(20'000);
    config.servers[0].neighbours = {"B", "C"};
    config.servers.push_back(
        {"C", reactor::Address::loopback(1002), reactor::Address::loopback(1102), {"A"}});
    World world(config, 3);
    const int fd = world.connect();
    world.kernel.cut(0, 2, true);
    world.run(10ms);
    world.kernel.cut(0, 1, false);
    world.say(fd, "IAMAT k +1-1 5\nSYNC\n");
    static_cast<void>(world.hear(fd));
    world.kernel.heal(0, 2);
    world.run(10s);
    // B is silent and was given up; C is back, and has it.
    CHECK(world.hear(fd) == "SYNC A 1 2\n");
    CHECK(has(world.servers[2]->server, "k"));
}

TEST_CASE("sync: so many may wait, and those who go make room", "[herd][sync]") {
    herd::config::Config config = with_sync_ms(20'000);
    config.limits.syncs = 1;
    World world(config, 2);
    world.kernel.cut(0, 1, false);
    const int first = world.connect();
    world.say(first, "IAMAT k +1-1 5\nSYNC\n");
    const int second = world.connect();
    world.say(second, "SYNC\n");
    CHECK(world.hear(second) == "? SYNC\n");
    CHECK(world.a().counters().syncs_refused == 1);
    world.kernel.enter(visitors);
    world.kernel.close(first);
    // It is found out when there is something to be said to it, or to be read.
    world.run(10ms);
    world.run(4s);
    CHECK(world.a().clients().size() == 1);
    world.say(second, "IAMAT l +1-1 5\nSYNC\n");
    CHECK(world.hear(second).ends_with("\nSYNC A 0 1\n"));
}

TEST_CASE("sync: a server that shuts down brings its neighbours up to date first", "[herd][sync]") {
    World world(with_sync_ms(1000), 2);
    const int fd = world.connect();
    world.kernel.cut(0, 1, false);
    world.say(fd, "IAMAT k +1-1 5\nSYNC\n");
    static_cast<void>(world.hear(fd));
    world.shut_down();
    CHECK(world.hear(fd) == "? SYNC\n$");
}

TEST_CASE("sync: an old server acknowledges each message by its end", "[herd][sync][legacy]") {
    legacy::House house;
    house.listen();
    house.report("b", 5);
    CHECK(house.take(1s) == "b +1-1 5 A$");
    const int held = house.accept();
    const int client = house.dial(1000);
    house.say(client, "IAMAT c +1-1 5\nSYNC\n");
    CHECK(house.hear(client).ends_with(" c +1-1 5\n"));
    CHECK(house.hear(held).ends_with(" c +1-1 5 A$"));
    CHECK(house.hear(client).empty());
    house.close(held);
    CHECK(house.hear(client) == "SYNC A 1 1\n");
}

}  // namespace sync_test
