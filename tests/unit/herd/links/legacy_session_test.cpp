// What an old server says on our port for peers, as PeerSession hears it.
#include "herd/links/peer_session.hpp"
#include "tests/unit/herd/links/legacy_house.hpp"

#include <string>

namespace legacy_session_test {

using namespace legacy;

namespace {

const std::string at = "AT Old +0.5 c +1-1 5";

// On a connection of its own; what A answers to it.
std::string deliver(House& house, const std::string& bytes) {
    const int fd = house.dial();
    house.say(fd, bytes);
    house.end(fd);
    return house.hear(fd);
}

}  // namespace

TEST_CASE("legacy peer: a message is an AT line that ends with its connection, and so does ours",
          "[herd][legacy]") {
    House house;
    const int fd = house.dial();
    house.say(fd, at + " Other Old");
    CHECK(house.hear(fd, 2s).empty());
    CHECK(house.stored("c").empty());
    house.end(fd);
    CHECK(house.hear(fd) == "$");
    CHECK(house.stored("c") == at);
    CHECK(house.server.table().find("c")->source == 0);
    CHECK(house.counters().relayed == 1);
    CHECK(house.counters().peers_refused == 0);
}

TEST_CASE("legacy peer: lines with newlines are heard too, however they are cut up",
          "[herd][legacy]") {
    const std::string text = at + "\nAT Old +0.5 d +1-1 5 Old\r\nAT Old +0.5 e +1-1 5";
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
        INFO("cut at " << cut);
        House house;
        const int fd = house.dial();
        house.say(fd, text.substr(0, cut));
        house.say(fd, text.substr(cut));
        CHECK(house.server.table().size() == 2);
        house.end(fd);
        CHECK(house.hear(fd) == "$");
        REQUIRE(house.stored("c") == at);
        REQUIRE(house.stored("d") == "AT Old +0.5 d +1-1 5");
        REQUIRE(house.stored("e") == "AT Old +0.5 e +1-1 5");
    }
}

TEST_CASE("legacy peer: a message that ends with a reset is none", "[herd][legacy]") {
    House house;
    const int fd = house.dial();
    house.say(fd, at);
    house.kernel.cut(here, there, true);
    house.kernel.heal_all();
    house.run(100us);
    CHECK(house.server.table().size() == 0);
    static_cast<void>(fd);
}

TEST_CASE("legacy peer: from another address the same is an offence", "[herd][legacy]") {
    const auto elsewhere = *reactor::Address::parse("127.0.0.2", 1001);
    House house({.clients = 8, .long_records = 1, .line_max = 300}, elsewhere);
    CHECK(deliver(house, at + "\n").starts_with("ERR 501 "));
    CHECK(house.counters().peers_refused == 1);
    CHECK(deliver(house, at) == "$");
    CHECK(house.server.table().size() == 0);
}

TEST_CASE("legacy peer: an old server says AT and nothing else", "[herd][legacy]") {
    for (const std::string said : {"SEQ 5",
                                   "PING 5",
                                   "nonsense",
                                   "AT Old +0.5 c +1-1",
                                   "IAMAT c +1-1 5",
                                   "HELLO 1 Old 000000000000000b 0 0",
                                   ""}) {
        for (const bool behind : {false, true}) {
            INFO((behind ? "behind an AT: " : "first: ") << said);
            House house;
            const std::string start = behind ? at + "\n" : "";
            CHECK(deliver(house, start + said + "\n" + "AT Old +0.5 d +1-1 5\n")
                      .starts_with("ERR 50"));
            CHECK(house.stored("c") == (behind ? at : ""));
            CHECK(house.stored("d").empty());
            CHECK(house.counters().peers_refused == 1);
        }
    }
    House house;
    CHECK(deliver(house, "AT Old +0.5 c +1-1").starts_with("ERR 501 "));
    CHECK(deliver(house, std::string(2000, 'x')).starts_with("ERR 501 "));
    CHECK(deliver(house, "") == "$");
    CHECK(house.server.table().size() == 0);
}

TEST_CASE("legacy peer: something older than ours is answered with ours, something equal is not",
          "[herd][legacy]") {
    House house;
    house.listen();
    house.report("b", 5);
    house.report("c", 5);
    CHECK(house.take(1s) == "b +1-1 5 A$");
    CHECK(house.take() == "c +1-1 5 A$");
    const std::string ours = house.stored("c");
    deliver(house, ours + " A Old");
    const int fd = house.accept();
    CHECK(house.hear(fd, 1s).empty());
    deliver(house, "AT Old +0.5 c +1-1 4 Old");
    CHECK(house.hear(fd) == ours + " A$");
    house.close(fd);
    CHECK(house.hear(house.accept(), 1s).empty());
    CHECK(house.counters().duplicates == 2);
}

TEST_CASE("legacy peer: a stamp too far in the future is refused from it as well",
          "[herd][legacy]") {
    House house;
    CHECK(deliver(house, "AT Old -86400.000000001 c +1-1 5") == "$");
    CHECK(house.counters().future_stamps == 1);
    CHECK(house.server.table().size() == 0);
}

TEST_CASE("legacy peer: one that has spoken may be silent, one that has not may not",
          "[herd][legacy]") {
    House house;
    const int kept = house.dial();
    const int mute = house.dial();
    house.say(kept, at + "\n");
    house.run(29s);
    CHECK(house.hear(mute) == "$");
    house.say(kept, "AT Old +0.5 d +1-1 5\n");
    CHECK(house.stored("d") == "AT Old +0.5 d +1-1 5");
    // When a line of it was rejected it is not waited for.
    house.say(kept, "nonsense\n");
    CHECK(house.hear(kept).starts_with("ERR 501 "));
    house.run(4s);
    // Two listeners, poll, alarm, log and its helper.
    CHECK(house.kernel.open_descriptors(here) == 6);
}

TEST_CASE("legacy peer: of many messages at once none is lost for want of room", "[herd][legacy]") {
    House house({.clients = 50, .long_records = 1, .peer_connections = 4, .line_max = 300});
    std::vector<int> fds;
    for (int i = 0; i < 30; ++i) fds.push_back(house.dial());
    for (std::size_t i = 0; i < fds.size(); ++i) {
        house.say(fds[i], "AT Old +0.5 c" + std::to_string(i) + " +1-1 5");
    }
    for (const int fd : fds) house.end(fd);
    CHECK(house.server.table().size() == 30);
    CHECK(house.counters().peers_waited > 0);
}

// It was 0.5 s, and an old server on a busy machine lost what it then said to a closed door.
TEST_CASE("legacy peer: one that dials for all its messages, and pauses, loses none",
          "[herd][legacy]") {
    House house({.clients = 50, .long_records = 1, .peer_connections = 4, .line_max = 300});
    std::vector<int> fds;
    for (int i = 0; i < 8; ++i) fds.push_back(house.dial());
    house.run(1500ms);
    for (std::size_t i = 0; i < fds.size(); ++i) {
        house.say(fds[i], "AT Old +0.5 c" + std::to_string(i) + " +1-1 5");
    }
    for (const int fd : fds) house.end(fd);
    CHECK(house.server.table().size() == 8);
    CHECK(house.counters().legacy_closed == 0);
}

// Strangers at the same address hold all the slots that there are for it.
TEST_CASE("legacy peer: a message is heard among many connections that say nothing",
          "[herd][legacy]") {
    House house({.clients = 50, .long_records = 1, .peer_connections = 12, .line_max = 300});
    for (int i = 0; i < 40; ++i) {
        for (int j = 0; j < 5; ++j) house.dial();
        house.run(600ms);
        const int fd = house.dial();
        house.run(600ms);
        house.say(fd, "AT Old +0.5 c" + std::to_string(i) + " +1-1 5");
        house.run(5ms);
        house.end(fd);
    }
    house.run(5s);
    CHECK(house.server.table().size() == 40);
    CHECK(house.counters().legacy_closed > 100);
}

TEST_CASE("legacy peer: one that says nothing for half a minute is closed", "[herd][legacy]") {
    House house;
    const int kept = house.dial();
    for (int i = 0; i < 3; ++i) {
        house.say(kept, at + "\n");
        house.run(25s);
    }
    CHECK(house.hear(kept).empty());
    house.run(7s);
    CHECK(house.hear(kept) == "$");
    CHECK(house.counters().legacy_closed == 1);
}

TEST_CASE("legacy peer: of more than eight connections the one silent for longest is closed",
          "[herd][legacy]") {
    House house;
    std::vector<int> fds;
    for (int i = 0; i < 8; ++i) {
        fds.push_back(house.dial());
        house.say(fds.back(), "AT Old +0.5 c" + std::to_string(i) + " +1-1 5\n");
        house.run(1s);
    }
    house.say(fds[0], "AT Old +0.5 again +1-1 5\n");
    CHECK(house.counters().legacy_closed == 0);
    fds.push_back(house.dial());
    house.say(fds.back(), "AT Old +0.5 ninth +1-1 5\n");
    CHECK(house.counters().legacy_closed == 1);
    for (std::size_t i = 0; i < fds.size(); ++i) {
        CHECK(house.hear(fds[i]) == (i == 1 ? "$" : ""));
    }
    CHECK(house.server.table().size() == 10);
}

TEST_CASE("legacy peer: reports of a server that is in no configuration are dropped",
          "[herd][legacy]") {
    House house;
    CHECK(deliver(house, "AT Forged +0.5 c +1-1 5\nAT A +0.5 d +1-1 5") == "$");
    CHECK(house.stored("c").empty());
    CHECK(house.stored("d") == "AT A +0.5 d +1-1 5");
    CHECK(house.counters().legacy_unknown == 1);
}

TEST_CASE("legacy peer: a shutdown ends a kept connection", "[herd][legacy]") {
    House house;
    const int kept = house.dial();
    house.say(kept, at + "\n");
    house.shut_down();
    CHECK(house.hear(kept, 20ms) == "$");
    CHECK(house.stopped);
}

}  // namespace legacy_session_test
