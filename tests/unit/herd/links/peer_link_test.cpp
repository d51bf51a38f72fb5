#include "herd/links/peer_link.hpp"

#include "tests/unit/herd/links/dialled_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace peer_link_test {

using namespace dialled;

TEST_CASE("peer_link: a link greets, and says nothing more before it is welcomed", "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 3);
    const std::string hello = house.accept();
    CHECK(hello.starts_with("HELLO 1 A " + house.in_run("0 ")));
    CHECK(std::ranges::count(hello, '\n') == 1);
    CHECK(house.hear(500ms).empty());
    CHECK(house.server.neighbours().reach().live == 0);
    const std::string feed = house.welcome();
    CHECK(house.server.neighbours().reach().live == 1);
    CHECK(count(feed, "AT A ") == 3);
    CHECK(feed.ends_with("SEQ 3\n"));
}

TEST_CASE("peer_link: a link goes on where the neighbour has come to, by its word now and before",
          "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 5);
    struct {
        std::string acknowledged, claim;
        std::ptrdiff_t records;
    } const cases[] = {
        {"ACK 3\n", house.in_run("3 0 0"), 2},
        {"ACK 5\n", house.in_run("5 0 0"), 0},
        // It had come so far, and now knows of less.
        {"ACK 5\n", house.in_run("3 0 0"), 2},
        {"ACK 5\n", house.in_run("0 0 0"), 5},
        {"ACK 5\n", house.in_run("1 5 3"), 4},
        {"ACK 5\n", "00000000000000aa 5 0 0", 5},
        {"ACK 5\n", "0000000000000000 0 0 0", 5},
        // It says that it has more than it had acknowledged.
        {"ACK 3\n", house.in_run("5 0 0"), 2},
        {"ACK 3\n", house.in_run("3 5 4"), 2},
        {"", house.in_run("5 0 0"), 5},
        {"", house.in_run("0 5 5"), 5},
        // What cannot be: nothing of it counts, then.
        {"ACK 5\n", house.in_run("6 0 0"), 5},
        {"ACK 5\n", house.in_run("5 6 5"), 5},
        {"ACK 5\n", house.in_run("18446744073709551615 0 0"), 5},
    };
    for (const auto& [acknowledged, claim, records] : cases) {
        INFO(acknowledged << claim);
        house.accept();
        CHECK(count(house.welcome(), "AT A ") == 5);
        house.say(acknowledged);
        house.hear();
        house.hang_up();
        house.accept();
        CHECK(count(house.welcome(claim), "AT A ") == records);
        house.hang_up();
    }
}

TEST_CASE("peer_link: what one run of a neighbour has acknowledged counts for no other",
          "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 5);
    house.accept();
    house.welcome();
    house.say("ACK 5\n");
    house.hear();
    house.hang_up();
    house.accept();
    CHECK(count(house.welcome(house.in_run("5 0 0"), "000000000000000c"), "AT A ") == 5);
    house.hang_up();
    // Nor for itself, when it comes back: it may have been another's.
    house.accept();
    CHECK(count(house.welcome(house.in_run("5 0 0")), "AT A ") == 5);
}

TEST_CASE("peer_link: what has come from a neighbour's run does not go back to it, but to the next",
          "[herd][link]") {
    House house;
    house.listen();
    house.report_from_b(3);
    house.report(0, 1);
    house.accept();
    const std::string feed = house.welcome();
    CHECK(count(feed, "AT A ") == 1);
    CHECK(count(feed, "AT B ") == 0);
    CHECK(feed.ends_with("SEQ 4\n"));
    house.hang_up();
    house.accept();
    CHECK(count(house.welcome("0000000000000000 0 0 0", "000000000000000c"), "AT B ") == 3);
}

TEST_CASE("peer_link: a batch of which nothing is sent is not the last", "[herd][link]") {
    House house(1);
    house.listen();
    house.report_from_b(500);
    house.report(0, 1);
    house.accept();
    const std::string feed = house.welcome();
    CHECK(count(feed, "AT A ") == 1);
    CHECK(count(feed + house.hear(100ms), "SEQ 501") == 1);
}

TEST_CASE("peer_link: marks come at most every 50 ms, and the last one comes", "[herd][link]") {
    House house;
    house.listen();
    house.accept();
    house.welcome();
    house.run(1s);
    house.hear();
    std::string feed;
    for (std::uint32_t i = 0; i < 100; ++i) {
        house.report(i, 1);
        feed += house.hear(1ms);
    }
    feed += house.hear(100ms);
    CHECK(count(feed, "AT ") == 100);
    CHECK(count(feed, "SEQ ") <= 5);
    CHECK(count(feed, "SEQ 100") == 1);
    CHECK(feed.rfind("AT ") < feed.rfind("SEQ 100"));
}

TEST_CASE("peer_link: a neighbour that answers wrongly is hung up on and dialled again",
          "[herd][link]") {
    House house;
    house.listen();
    for (const std::string answer : {"ERR 503 not a neighbour of this server\n",
                                     "WELCOME 2 B\n",
                                     "nonsense\n",
                                     "WELCOME 1 C 000000000000000b 0000000000000000 0 0 0 0\n",
                                     "WELCOME 1 A 000000000000000b 0000000000000000 0 0 0 0\n"}) {
        INFO(answer);
        CHECK(house.accept().starts_with("HELLO 1 A "));
        house.say(answer);
        house.hear();
        CHECK(house.ended);
        CHECK(house.server.neighbours().reach().live == 0);
    }
    house.accept();
    house.welcome();
    CHECK(house.server.neighbours().reach().live == 1);
    house.say("WELCOME 1 B 000000000000000b 0000000000000000 0 0 0 0\n");
    house.hear();
    CHECK(house.ended);
    house.accept();
    house.say(std::string(600, 'x'));
    house.hear();
    CHECK(house.ended);
}

TEST_CASE("peer_link: a link asks for a sign of life each second, and without one ends within four",
          "[herd][link]") {
    House house;
    house.listen();
    house.accept();
    house.welcome();
    for (int i = 0; i < 8; ++i) {
        const std::string heard = house.hear(1s);
        REQUIRE(count(heard, "PING ") == 1);
        house.say("PO" + heard.substr(heard.find("PING ") + 2));
    }
    CHECK_FALSE(house.ended);
    house.hear(2500ms);
    CHECK_FALSE(house.ended);
    house.hear(1500ms);
    CHECK(house.ended);
    // One that never answers the greeting is given up as well.
    house.accept();
    house.hear(4s);
    CHECK(house.ended);
    CHECK(house.server.counters().links_silent == 2);
}

TEST_CASE("peer_link: a neighbour that reads slowly is not taken for dead", "[herd][link]") {
    House house;
    house.kernel.buffer_size = 20'000;
    house.listen();
    for (std::uint32_t first = 0; first < 3000; first += 300) house.report(first, 300);
    house.accept();
    house.welcome();
    std::string feed;
    // The backlog alone takes ten seconds, and there is more of it all the time. No PING is heard
    // for as long, and the kernel takes nothing for some seconds now and then; but B says each
    // second that it is there.
    for (int i = 0; i < 100 && !house.ended; ++i) {
        feed += house.hear(100ms, i % 50 < 40 ? 0 : 7500);
        if (i % 10 == 0) house.report(0, 100);
        if (i % 10 == 0) house.say("ACK 0\n");
    }
    CHECK_FALSE(house.ended);
    CHECK(house.server.counters().links_silent == 0);
    // And one that stops reading for good is.
    house.run(5s);
    CHECK(house.server.counters().links_silent == 1);
}

// Otherwise B, who is not read from, may come to read no more itself: both would wait.
TEST_CASE("peer_link: a neighbour is heard while there is no room for what it is told",
          "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 300);
    house.accept();
    house.kernel.buffer_size = 1000;
    house.welcome();
    for (int i = 0; i < 300; ++i) {
        house.kernel.enter(there);
        REQUIRE(house.kernel.send(house.fd, "ACK 0\n") == 6U);
        house.run(1ms);
    }
}

TEST_CASE("peer_link: a lost link costs what was not processed, and no more", "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 50);
    house.accept();
    house.welcome();
    house.run(100ms);
    // All was written, and perhaps even received; but B says that it came to 20.
    house.say("ACK 20\n");
    house.hear();
    house.hang_up();
    house.report(50, 5);
    house.accept();
    const std::string feed = house.welcome(house.in_run("20 0 0"));
    CHECK(count(feed, "AT A ") == 35);
    CHECK(feed.find(" a20 ") != std::string::npos);
}

TEST_CASE("peer_link: a neighbour that greets is dialled at once, not after the pause",
          "[herd][link]") {
    House house;
    // Nobody listens: by now the pause is between 2.5 and 5 s.
    house.run(60s);
    house.listen();
    house.report_from_b(0);
    CHECK(house.accept(10ms).starts_with("HELLO 1 A "));
}

TEST_CASE("peer_link: a neighbour that speaks TLS refuses it, and makes sense", "[herd][link]") {
    House house;
    house.listen();
    CHECK(house.accept().starts_with("HELLO 1 A "));
    house.say("? TLS is spoken here\n");
    house.hear();
    CHECK(house.ended);
    CHECK(house.server.counters().peer_lines_bad == 0);
    CHECK(house.accept().starts_with("HELLO 1 A "));
}

TEST_CASE("peer_link: the log says that no server answers where a neighbour should be",
          "[herd][link]") {
    House house;
    house.kernel.log_of(1).keeps = true;
    house.listen();
    for (int dial = 0; dial < 3; ++dial) {
        CHECK(house.accept().starts_with("HELLO 1 A "));
        house.say("HTTP/1.1 400 Bad Request\r\n\r\n");
        house.hear();
        CHECK(house.ended);
    }
    CHECK(house.server.counters().peer_lines_bad == 3);
    house.run(1s);
    const std::string& log = house.kernel.log_of(1).kept;
    const std::string_view told =
        "event=link_refused neighbour=B code=501 "
        "reason=\"what answers there is no server of a herd\"";
    CHECK(log.find(told) != std::string::npos);
    CHECK(log.find(told) == log.rfind(told));
}

TEST_CASE("peer_link: a link is not silent in a sweep, and says where it has come to",
          "[herd][link]") {
    House house(4);
    house.kernel.buffer_size = 30'000;
    house.listen();
    for (std::uint32_t first = 0; first < 4500; first += 250) house.report(first, 250);
    house.accept();
    std::string feed = house.welcome();
    for (int i = 0; i < 25; ++i) {
        feed += house.hear(100ms, 2000);
        house.say("ACK 0\n");
    }
    REQUIRE(count(feed, "SWP 4500 ") > 0);
    const std::size_t last = feed.rfind("\nSWP 4500 ");
    const std::string slot = feed.substr(last + 10, feed.find('\n', last + 1) - last - 10);
    std::size_t seq = feed.rfind("\nSEQ ", last);
    seq = seq == std::string::npos ? feed.rfind("SEQ ", last) : seq + 1;
    const std::string base = feed.substr(seq + 4, feed.find('\n', seq) - seq - 4);
    if (base != "0") house.say("ACK " + base + "\n");
    house.say("SWP 4500 " + slot + "\n");
    house.run(1ms);
    CHECK_FALSE(house.ended);
    // Resumed from there, all the rest and hardly anything else comes: slots were taken in this
    // order.
    house.hang_up();
    house.kernel.buffer_size = 1'000'000;
    house.accept();
    feed = house.welcome(house.in_run(base + " 4500 " + slot));
    feed += house.hear(500ms);
    const int rest = 4500 - std::max(std::stoi(slot), std::stoi(base));
    CHECK(count(feed, "AT A ") >= rest);
    CHECK(count(feed, "AT A ") <= rest + 8);  // what a second's anti-entropy says again
    CHECK(count(feed, "SEQ 4500") == 1);
}

}  // namespace peer_link_test
