#include "tests/unit/herd/small_world.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace herd::small_world;

constexpr const char* valid = "IAMAT c +1-1 5\n";

herd::config::Config with_slots(std::uint32_t slots) {
    herd::config::Config config = herd_of_two();
    config.limits.connections = slots;
    return config;
}

int prove(World& world, int fd) {
    world.say(fd, valid);
    REQUIRE(world.hear(fd).starts_with("AT "));
    return fd;
}

}  // namespace

TEST_CASE("eviction: the silent go first, then half a first line, then nonsense, and then the idle",
          "[herd][client]") {
    World world(with_slots(5));
    const int idle = prove(world, world.connect());
    world.run(2s);
    const int nonsense = world.connect();
    world.say(nonsense, "x\n");
    REQUIRE(world.hear(nonsense) == "? x\n");
    const int silent = world.connect();
    world.run(2s);
    const int half = world.connect();
    world.say(half, "IAMAT c");
    CHECK(world.a().counters().clients_evicted == 0);
    std::vector<int> newcomers;
    for (const int goes : {silent, half, nonsense}) {
        CHECK_FALSE(world.closed(goes));
        // Each comes to stay.
        newcomers.push_back(world.connect());
        CHECK(world.closed(goes));
        prove(world, newcomers.back());
    }
    CHECK(world.a().counters().clients_evicted == 3);
    world.run(500ms);
    CHECK_FALSE(world.closed(idle));
    prove(world, world.connect());
    CHECK(world.closed(idle));
    for (const int fd : newcomers) CHECK_FALSE(world.closed(fd));
    world.a().check();
}

// Many times as many as there are slots come while it finds its words.
TEST_CASE("eviction: who comes among many that say half a line has as long as they have",
          "[herd][client]") {
    World world(with_slots(64));
    const auto stranger = [&] { world.say(world.connect(), "IAMAT x"); };
    for (int i = 0; i < 64; ++i) stranger();
    for (int i = 0; i < 20; ++i) {
        const int newcomer = world.connect();
        for (int j = 0; j < 25; ++j) stranger();
        world.say(newcomer, "IAMAT new ");
        for (int j = 0; j < 25; ++j) stranger();
        world.say(newcomer, "+1-1 5\n");
        REQUIRE(world.hear(newcomer).starts_with("AT "));
        world.kernel.enter(visitors);
        world.kernel.close(newcomer);
    }
    world.a().check();
}

TEST_CASE("eviction: half a line is no way to keep a slot, with a valid command before or without",
          "[herd][client]") {
    for (const bool proven : {false, true}) {
        World world(with_slots(8));
        std::vector<int> crowd;
        for (int i = 0; i < 7; ++i) {
            crowd.push_back(world.connect());
            if (proven) prove(world, crowd.back());
            world.say(crowd.back(), "IAMAT x");
        }
        world.run(1100ms);
        for (int i = 0; i < 5; ++i) {
            const int newcomer = world.connect();
            prove(world, newcomer);
            world.kernel.enter(visitors);
            world.kernel.close(newcomer);
            world.run(1ms);
            world.say(world.connect(), "IAMAT x");
        }
        CHECK(world.a().counters().clients_waited == 0);
    }
}

TEST_CASE("eviction: any number of silent ones push out nobody who has said something valid",
          "[herd][client]") {
    World world(with_slots(32));
    std::vector<int> honest;
    for (int i = 0; i < 20; ++i) honest.push_back(prove(world, world.connect()));
    world.run(10s);
    for (int i = 0; i < 300; ++i) {
        world.connect();
        if (i % 50 == 0) world.run(1s);
    }
    for (const int fd : honest) CHECK_FALSE(world.closed(fd));
    CHECK(world.a().counters().clients_evicted >= 250);
}

TEST_CASE("eviction: a newcomer is not pushed out by those who fill all slots with valid commands",
          "[herd][client]") {
    World world(with_slots(32));
    for (int i = 0; i < 31; ++i) prove(world, world.connect_from(66));
    world.run(2s);
    const int newcomer = world.connect_from(1);
    for (int i = 0; i < 25; ++i) prove(world, world.connect_from(66));
    prove(world, newcomer);
}

TEST_CASE("eviction: of those who stand alike the address with most connections loses one",
          "[herd][client]") {
    World world(with_slots(16));
    const int alone = prove(world, world.connect_from(1));
    const int also = world.connect_from(2);
    world.run(5s);
    for (int i = 0; i < 13; ++i) prove(world, world.connect_from(66));
    world.run(2s);
    const int another = world.connect_from(3);
    for (int i = 0; i < 40; ++i) {
        world.run(1s);
        world.connect_from(66);
        CHECK_FALSE(world.closed(alone));
        CHECK_FALSE(world.closed(also));
        CHECK_FALSE(world.closed(another));
    }
}

// One address takes all slots, and says something valid on each again and again.
TEST_CASE("eviction: one address that keeps all its connections busy pushes out nobody else",
          "[herd][client]") {
    for (const std::string line : {"SYNC\n", valid}) {
        World world(with_slots(64));
        std::vector<int> honest;
        for (std::uint8_t i = 0; i < 20; ++i) {
            honest.push_back(prove(world, world.connect_from(i / 4)));
        }
        world.run(3s);
        std::vector<int> stranger;
        const auto dial = [&] {
            stranger.push_back(world.connect_from(66));
            world.say(stranger.back(), line);
            std::erase_if(stranger, [&](int fd) { return world.closed(fd); });
        };
        for (int i = 0; i < 100; ++i) dial();
        for (int round = 0; round < 10; ++round) {
            for (const int fd : stranger) world.say(fd, line);
            std::erase_if(stranger, [&](int fd) { return world.closed(fd); });
            CHECK(stranger.size() > 30);
            for (int i = 0; i < 10; ++i) dial();
            const int newcomer = world.connect_from(77);
            for (int i = 0; i < 10; ++i) dial();
            prove(world, newcomer);
            world.kernel.enter(visitors);
            world.kernel.close(newcomer);
            world.run(300ms);
        }
        for (const int fd : honest) CHECK_FALSE(world.closed(fd));
        for (const int fd : honest) prove(world, fd);
        world.a().check();
    }
}

TEST_CASE("eviction: faster than there are slots, an address that dials pushes out itself only",
          "[herd][client]") {
    World world(with_slots(64));
    const int idle = prove(world, world.connect_from(1));
    world.run(2s);
    for (int i = 0; i < 20; ++i) {
        const int newcomer = world.connect_from(2);
        for (int j = 0; j < 100; ++j) {
            const int fd = world.connect_from(66);
            world.kernel.enter(visitors);
            static_cast<void>(world.kernel.send(fd, "SYNC\n"));
        }
        prove(world, newcomer);
    }
    CHECK_FALSE(world.closed(idle));
    CHECK(world.a().counters().clients_waited == 0);
}

TEST_CASE("eviction: a town behind one address has all slots, until somebody else wants one",
          "[herd][client]") {
    World world(with_slots(32));
    std::vector<int> town;
    for (int i = 0; i < 31; ++i) town.push_back(prove(world, world.connect_from(66)));
    // The slot that is left is for others: the town's own newcomer goes.
    CHECK(world.closed(world.connect_from(66)));
    for (const int fd : town) CHECK_FALSE(world.closed(fd));
    CHECK(world.a().counters().clients_evicted == 1);
    // What asks the Places service waits for an answer, and goes last.
    for (int i = 0; i < 5; ++i) world.say(town[static_cast<std::size_t>(i)], "WHATSAT c 1 1\n");
    for (std::uint8_t i = 0; i < 10; ++i) prove(world, world.connect_from(i));
    CHECK(world.a().counters().clients_evicted == 11);
    for (std::size_t i = 0; i < town.size(); ++i) {
        INFO(i);
        CHECK(world.closed(town[i]) == (i >= 5 && i < 15));
    }
}

// Answers that nobody reads, and a pool that is soon empty.
TEST_CASE("eviction: without a block the one that holds most goes, not the one that asks",
          "[herd][client]") {
    herd::config::Config config = with_slots(32);
    config.limits.blocks = 40;
    config.limits.places_body_max = 4'096;
    World world(config);
    world.kernel.buffer_size = 4'096;
    const int polite = prove(world, world.connect());
    std::string questions;
    for (int i = 0; i < 400; ++i) questions += "WHATSAT c 1 0\n";
    std::vector<int> greedy;
    for (int i = 0; i < 6; ++i) {
        greedy.push_back(world.connect());
        world.kernel.enter(visitors);
        static_cast<void>(world.kernel.send(greedy.back(), questions));
        world.run(1ms);
    }
    CHECK(world.a().counters().clients_relieved > 0);
    for (int i = 0; i < 20; ++i) {
        world.say(polite, "IAMAT two-pieces ");
        world.say(polite, "+1-1 " + std::to_string(i) + "\n");
        CHECK(world.hear(polite).starts_with("AT "));
        world.say(polite, "WHATSAT c 1 1\n");
        world.run(10ms);
        const std::string answer = world.hear(polite);
        CHECK(answer.starts_with("AT "));
        CHECK(answer.find("OVER_QUERY_LIMIT") == std::string::npos);
    }
    CHECK(world.a().wire().counters().blocks_exhausted == 0);
    world.a().check();
}
