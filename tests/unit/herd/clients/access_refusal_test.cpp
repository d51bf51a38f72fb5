// What a wrong token costs, and whom.
#include "tests/unit/herd/clients/access_house.hpp"

#include <string>
#include <vector>

namespace access_refusal_test {

using namespace herd::access_house;

TEST_CASE("access: a wrong token is answered a second later, and what is behind it after that",
          "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    const std::string good = auth("c", token("c"));
    const std::string report = "IAMAT c +1-1 1\n";
    world.say(fd, "AUTH c wrong\n" + report + good + report);
    world.run(990ms);
    CHECK(world.hear(fd).empty());
    world.a().check();
    CHECK(world.counters().invalid == 0);
    world.run(20ms);
    CHECK(world.hear(fd).starts_with("? AUTH c wrong\n? " + report +
                                     "AUTH A c report,ask 0\nAT A +"));
    CHECK(world.counters().tokens_wrong == 1);
    CHECK(world.counters().invalid == 2);
    CHECK(world.a().wire().blocks().in_use() == 0);
}

TEST_CASE("access: after three wrong tokens the connection ends, whatever lies between",
          "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    world.admit(fd, "c");
    std::string heard;
    for (int i = 1; i <= 3; ++i) {
        world.say(fd, auth("c", "wrong" + std::to_string(i)) + auth("c", token("c")));
        world.run(1100ms);
        heard = world.hear(fd);
        CHECK(heard.starts_with("? AUTH c wrong" + std::to_string(i) + "\n"));
        CHECK(heard.ends_with("$") == (i == 3));
    }
    CHECK(heard == "? AUTH c wrong3\n$");
    CHECK(world.counters().guessers_closed == 1);
    CHECK(world.counters().tokens_wrong == 3);
    world.run(3s);
    CHECK(world.a().clients().size() == 0);
    world.a().check();
}

TEST_CASE("access: a guesser's many guesses at once are as slow as one after the other",
          "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    std::string guesses;
    for (int i = 0; i < 100; ++i) guesses += auth("c", "wrong");
    world.say(fd, guesses);
    world.run(5s);
    CHECK(world.hear(fd) == "? AUTH c wrong\n? AUTH c wrong\n? AUTH c wrong\n$");
    CHECK(world.counters().tokens_wrong == 3);
}

TEST_CASE("access: who guesses holds up nobody else", "[herd][client]") {
    constexpr int guessers = 200;
    Guarded world(guarded(guessers + 2));
    const int polite = world.connect();
    world.admit(polite, "c");
    std::vector<int> crowd;
    for (int i = 0; i < guessers; ++i) {
        crowd.push_back(world.connect());
        world.say(crowd.back(), auth("c", "wrong"));
    }
    for (int i = 0; i < 30; ++i) {
        world.say(polite, "IAMAT c +1-1 " + std::to_string(i) + "\n");
        world.run(1ms);
        CHECK(world.hear(polite).starts_with("AT A "));
        world.run(49ms);
    }
    world.a().check();
    for (const int fd : crowd) CHECK(world.hear(fd) == "? AUTH c wrong\n");
    CHECK(world.counters().tokens_wrong == guessers);
    CHECK(world.counters().invalid == guessers);
}

TEST_CASE("access: a guesser who goes away takes his refusal with him", "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    const int other = world.connect();
    world.say(fd, auth("c", "wrong"));
    world.say(other, auth("c", "also-wrong"));
    world.say(other, auth("c", "wrong"));
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(2100ms);
    world.a().check();
    CHECK(world.hear(other).starts_with("? AUTH c also-wrong\n? AUTH c wrong\n"));
    CHECK(world.a().wire().blocks().in_use() == 0);
    // Its place is free for another's grant, and has nothing of it.
    for (int i = 0; i < 20; ++i) {
        const int next = world.connect();
        CHECK_FALSE(world.reports(next, "c"));
        world.admit(next, "c");
        CHECK(world.reports(next, "c"));
        world.kernel.enter(visitors);
        world.kernel.close(next);
        world.run(1ms);
        world.a().check();
    }
}

TEST_CASE("access: a client that has said all it had, the last a wrong token, hears it refused",
          "[herd][client]") {
    Guarded world;
    for (const auto* end : {"\n", ""}) {
        const int fd = world.connect();
        world.say(fd, std::string("AUTH c wrong") + end);
        world.kernel.enter(visitors);
        world.kernel.shutdown_write(fd);
        world.run(500ms);
        CHECK(world.hear(fd).empty());
        world.run(600ms);
        CHECK(world.hear(fd) == "? AUTH c wrong\n$");
    }
    world.run(10ms);
    CHECK(world.a().clients().size() == 0);
}

TEST_CASE("access: a server that ends still refuses, in time", "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    world.say(fd, "AUTH c wrong\nx\n");
    const auto taken = world.shut_down();
    CHECK(taken <= 2100ms);
    CHECK(world.hear(fd) == "? AUTH c wrong\n? x\n$");
}

TEST_CASE("access: those with a token keep their slots, those who guess do not", "[herd][client]") {
    Guarded world(guarded(8));
    const int owner = world.connect();
    world.admit(owner, "c");
    for (int i = 0; i < 50; ++i) world.say(world.connect_from(66), "AUTH c wrong\n");
    for (int i = 0; i < 50; ++i) world.say(world.connect(), "AUTH c wrong\n");
    CHECK(world.reports(owner, "c"));
    CHECK(world.counters().clients_evicted >= 90);
    world.a().check();
}

TEST_CASE("access: a SYNC, which needs no token, keeps nobody's slot", "[herd][client]") {
    Guarded world(guarded(8));
    const int owner = world.connect();
    world.admit(owner, "c");
    world.run(2s);
    for (std::uint8_t i = 1; i < 8; ++i) CHECK(world.ask(world.connect_from(i), "SYNC\n") != "");
    world.run(2s);
    for (std::uint8_t i = 8; i < 12; ++i) CHECK(world.ask(world.connect_from(i), "SYNC\n") != "");
    CHECK(world.counters().clients_evicted >= 4);
    CHECK(world.reports(owner, "c"));
}

// Refusals are kept in blocks, of which there may be none.
TEST_CASE("access: without a block a guesser is closed, and others go on", "[herd][client]") {
    herd::config::Config config = guarded(40);
    config.limits.blocks = 20;
    config.limits.places_body_max = 4'096;
    Guarded world(config);
    const int polite = world.connect();
    world.admit(polite, "c");
    const std::string wrong = auth("c", std::string(8'000, 'w'));
    for (int i = 0; i < 30; ++i) {
        const int fd = world.connect();
        world.kernel.enter(visitors);
        static_cast<void>(world.kernel.send(fd, wrong));
        world.run(1ms);
        world.a().check();
    }
    CHECK(world.a().clients().size() < 31);
    CHECK(world.reports(polite, "c"));
    world.run(2s);
    world.a().check();
    CHECK(world.a().wire().blocks().in_use() == 0);
}

}  // namespace access_refusal_test
