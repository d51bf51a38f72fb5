#include "herd/links/legacy_link.hpp"

#include "tests/unit/herd/links/legacy_house.hpp"

#include <set>

namespace legacy_link_test {

using namespace legacy;

TEST_CASE("legacy_link: a message is an AT line and who passes it on, no newline, and our end",
          "[herd][legacy]") {
    House house;
    house.listen();
    const int fd = house.accept(1s);
    house.report("c", 5);
    const std::string said = house.hear(fd);
    CHECK(said == house.stored("c") + " A$");
    CHECK(said.starts_with("AT A +"));
    CHECK(house.counters().records_sent == 1);
}

TEST_CASE("legacy_link: a connection is held while there is nothing to say", "[herd][legacy]") {
    House house;
    house.listen();
    const int fd = house.accept(1s);
    CHECK(house.live());
    CHECK(house.hear(fd, 60s).empty());
    CHECK(house.accept() == -1);
    CHECK(house.live());
    house.report("c", 5);
    CHECK(house.hear(fd).ends_with(" c +1-1 5 A$"));
}

TEST_CASE("legacy_link: its end acknowledges, and the next connection is there at once",
          "[herd][legacy]") {
    House house;
    house.listen();
    house.report("c", 5);
    CHECK(house.take(1s) == "c +1-1 5 A$");
    const int fd = house.accept();
    REQUIRE(fd >= 0);
    CHECK(house.hear(fd, 60s).empty());
    CHECK(house.live());
}

TEST_CASE("legacy_link: there is one message at a time, and each change once", "[herd][legacy]") {
    House house;
    house.listen();
    for (int i = 0; i < 3; ++i) house.report("c" + std::to_string(i), 5);
    const int first = house.accept(1s);
    CHECK(house.hear(first).ends_with(" c0 +1-1 5 A$"));
    CHECK(house.accept(2s) == -1);
    house.close(first);
    CHECK(house.take() == "c1 +1-1 5 A$");
    CHECK(house.take() == "c2 +1-1 5 A$");
    CHECK(house.hear(house.accept(), 10s).empty());
}

TEST_CASE("legacy_link: what changes while it is slow comes once, at its newest",
          "[herd][legacy]") {
    House house;
    house.listen();
    house.report("c", 5);
    const int fd = house.accept(1s);
    CHECK(house.hear(fd).ends_with(" c +1-1 5 A$"));
    for (int stamp = 6; stamp < 20; ++stamp) {
        house.report("c", stamp);
        house.report("d", stamp);
    }
    house.close(fd);
    CHECK(house.take() == "c +1-1 19 A$");
    CHECK(house.take() == "d +1-1 19 A$");
    CHECK(house.hear(house.accept(), 10s).empty());
}

TEST_CASE("legacy_link: a message that is not acknowledged within four seconds is said again",
          "[herd][legacy]") {
    House house;
    house.listen();
    house.report("b", 5);
    CHECK(house.take(1s) == "b +1-1 5 A$");
    const int silent = house.accept();
    house.report("c", 5);
    CHECK(house.hear(silent, 2500ms).ends_with(" c +1-1 5 A$"));
    CHECK(house.live());
    house.report("c", 6);
    house.run(1500ms);
    CHECK(house.counters().links_silent == 1);
    CHECK_FALSE(house.live());
    // Not "b", which it has: a connection was open or dialled all the time.
    CHECK(house.take() == "c +1-1 6 A$");
    house.run(100us);
    CHECK(house.live());
    // As "c" has changed meanwhile, it is also next in the feed.
    CHECK(house.take() == "c +1-1 6 A$");
    CHECK(house.hear(house.accept(), 10s).empty());
}

TEST_CASE("legacy_link: a connection that is lost with nothing said begins the feed anew",
          "[herd][legacy]") {
    for (const bool reset : {false, true}) {
        INFO("reset " << reset);
        House house;
        house.listen();
        for (int i = 0; i < 3; ++i) house.report("c" + std::to_string(i), 5);
        for (int i = 0; i < 3; ++i) house.take(1s);
        const int fd = house.accept();
        if (reset) {
            house.kernel.cut(here, there, true);
            house.kernel.heal_all();
        } else {
            house.close(fd);
        }
        house.run(100us);
        CHECK_FALSE(house.live());
        for (int i = 0; i < 3; ++i) {
            CHECK(house.take(100ms) == "c" + std::to_string(i) + " +1-1 5 A$");
        }
        CHECK(house.live());
    }
}

TEST_CASE("legacy_link: a reset is no acknowledgement, and begins the feed anew",
          "[herd][legacy]") {
    House house;
    house.listen();
    house.report("b", 5);
    CHECK(house.take(1s) == "b +1-1 5 A$");
    const int fd = house.accept();
    house.report("c", 5);
    // With the message unread.
    house.close(fd);
    CHECK_FALSE(house.live());
    CHECK(house.take(100ms) == "b +1-1 5 A$");
    CHECK(house.take() == "c +1-1 5 A$");
}

TEST_CASE("legacy_link: an end in order is not believed when the next dial is refused",
          "[herd][legacy]") {
    House house;
    house.listen();
    for (int i = 0; i < 3; ++i) house.report("c" + std::to_string(i), 5);
    house.take(1s);
    house.take();
    const int fd = house.accept();
    CHECK(house.hear(fd).ends_with(" c2 +1-1 5 A$"));
    // It is killed: its sockets close, the listening one among them.
    house.close_listener();
    house.close(fd);
    house.run(1s);
    CHECK_FALSE(house.live());
    house.listen();
    for (int i = 0; i < 3; ++i) {
        CHECK(house.take(2s) == "c" + std::to_string(i) + " +1-1 5 A$");
    }
}

TEST_CASE("legacy_link: what it says is discarded", "[herd][legacy]") {
    House house;
    house.listen();
    int fd = house.accept(1s);
    house.say(fd, std::string(60'000, 'x'));
    CHECK(house.live());
    house.report("c", 5);
    CHECK(house.hear(fd).ends_with(" c +1-1 5 A$"));
    for (int i = 0; i < 20; ++i) house.say(fd, std::string(50'000, '?'));
    house.close(fd);
    fd = house.accept();
    CHECK(house.hear(fd).empty());
    CHECK(house.live());
    // Who never stops is silent, too.
    house.report("c", 6);
    CHECK(house.hear(fd).ends_with(" c +1-1 6 A$"));
    for (int i = 0; i < 41; ++i) {
        house.say(fd, "?");
        house.run(100ms);
    }
    CHECK(house.counters().links_silent == 1);
}

TEST_CASE("legacy_link: what does not fit its messages is counted and passed over",
          "[herd][legacy]") {
    House house;
    house.listen();
    const auto named = [](std::size_t size) { return std::string(size, 'x'); };
    house.report("c", 5);
    const std::size_t around = house.stored("c").size() - 1;
    house.report(named(198 - around), 5);
    house.report(named(200 - around), 5);
    house.report(named(201 - around), 5);
    house.report("d", 5);
    CHECK(house.take(1s) == "c +1-1 5 A$");
    CHECK(house.take() == named(198 - around) + " +1-1 5 A$");
    CHECK(house.take() == named(200 - around) + " +1-1 5$");
    CHECK(house.take() == "d +1-1 5 A$");
    CHECK(house.counters().legacy_too_long == 1);
    CHECK(house.hear(house.accept(), 1s).empty());
}

TEST_CASE("legacy_link: a batch of which nothing can be said is not the last", "[herd][legacy]") {
    House house({.clients = 5000, .long_records = 200, .line_max = 300, .records_per_turn = 4});
    for (int i = 0; i < 100; ++i) house.report(std::string(200, 'x') + std::to_string(i), 5);
    house.report("c", 5);
    house.listen();
    CHECK(house.take(2s) == "c +1-1 5 A$");
    CHECK(house.counters().legacy_too_long == 100);
}

TEST_CASE("legacy_link: what came from it goes back to it, which may have overwritten it since",
          "[herd][legacy]") {
    House house;
    house.listen();
    const int fd = house.dial();
    house.say(fd, "AT Old +0.5 c +1-1 5");
    house.end(fd);
    CHECK(house.take(1s) == "c +1-1 5 A$");
}

TEST_CASE("legacy_link: one that was away for long is dialled within a second of being back",
          "[herd][legacy]") {
    House house;
    house.run(600s);
    house.listen();
    CHECK(house.accept(1001ms) >= 0);
}

TEST_CASE("legacy_link: one that accepts and drops is not dialled without a pause",
          "[herd][legacy]") {
    House house;
    house.listen();
    int dials = 0;
    for (const auto until = house.kernel.now_ns() + 20'000'000'000;
         house.kernel.now_ns() < until;) {
        const int fd = house.accept(1ms);
        if (fd < 0) continue;
        ++dials;
        house.close(fd);
    }
    CHECK(dials > 20);
    CHECK(dials < 50);
    // One that has held ends the long pauses, and so does an acknowledgement.
    int fd = house.accept(2s);
    house.run(5s);
    house.close(fd);
    fd = house.accept(51ms);
    for (int i = 0; i < 10; ++i) {
        REQUIRE(fd >= 0);
        house.close(fd);
        fd = house.accept(2s);
    }
    house.report("c", 5);
    CHECK(house.hear(fd).ends_with(" c +1-1 5 A$"));
    house.close(fd);
    house.close(house.accept());
    CHECK(house.accept(51ms) >= 0);
}

TEST_CASE("legacy_link: a long feed comes whole to a slow one, however it changes",
          "[herd][legacy]") {
    House house;
    for (int i = 0; i < 300; ++i) house.report("c" + std::to_string(i), 5);
    house.listen();
    std::set<std::string> missing;
    for (int i = 0; i < 300; ++i) missing.insert("c" + std::to_string(i));
    // It takes half a minute for what there is, and some clients change all the time.
    for (int i = 0; i < 700 && !missing.empty(); ++i) {
        const std::string said = house.take(1s);
        missing.erase(said.substr(0, said.find(' ')));
        for (int busy = 0; busy < 5; ++busy) house.report("c" + std::to_string(busy), 6 + i);
        house.run(100ms);
    }
    CHECK(missing.empty());
}

TEST_CASE("legacy_link: a shutdown says what is owed, and no more to one that refuses",
          "[herd][legacy]") {
    House house;
    house.listen();
    const int fd = house.accept(1s);
    for (int i = 0; i < 10; ++i) house.report("c" + std::to_string(i), 5);
    CHECK(house.hear(fd).ends_with(" c0 +1-1 5 A$"));
    house.shut_down();
    CHECK_FALSE(house.stopped);
    house.close(fd);
    for (int i = 1; i < 9; ++i) {
        CHECK(house.take() == "c" + std::to_string(i) + " +1-1 5 A$");
    }
    const int last = house.accept();
    SECTION("all is said") {
        house.close(last);
        house.run(20ms);
        CHECK(house.stopped);
    }
    SECTION("it is killed") {
        house.close_listener();
        house.close(last);
        house.run(20ms);
        CHECK(house.stopped);
        house.listen();
        CHECK(house.accept(2s) == -1);
    }
    SECTION("it is silent") {
        house.run(4'100ms);
        CHECK(house.stopped);
    }
}

TEST_CASE("legacy_link: a shutdown between two messages says the second one", "[herd][legacy]") {
    for (int i = 0; i < 10; ++i) {
        House house;
        house.listen();
        const int fd = house.accept(1s);
        house.report("c", 5);
        house.report("d", 5);
        house.hear(fd);
        house.kernel.enter(there);
        house.kernel.close(fd);
        house.run(i * 500ns);
        house.shut_down();
        CHECK(house.take() == "d +1-1 5 A$");
    }
}

TEST_CASE("legacy_link: in a shutdown, one that is back is told nothing", "[herd][legacy]") {
    House house({.clients = 8, .long_records = 1, .line_max = 300, .linger_ms = 3000});
    // A client that does not close keeps the server from stopping for a while.
    house.dial(1000);
    house.report("c", 5);
    SECTION("it was away for long") {
        house.run(5s);
    }
    SECTION("it was killed in between") {
        house.listen();
        const int fd = house.accept(1s);
        house.hear(fd);
        house.close_listener();
        house.shut_down();
        house.close(fd);
    }
    house.shut_down();
    house.listen();
    const int fd = house.accept(900ms);
    CHECK(house.hear(fd) == "$");
    CHECK(house.accept(900ms) == -1);
    CHECK_FALSE(house.stopped);
    house.run(4s);
    CHECK(house.stopped);
}

TEST_CASE("legacy_link: a shutdown with nothing owed ends the held connection", "[herd][legacy]") {
    House house;
    house.listen();
    const int fd = house.accept(1s);
    house.shut_down();
    CHECK(house.hear(fd, 20ms) == "$");
    CHECK(house.stopped);
}

}  // namespace legacy_link_test
