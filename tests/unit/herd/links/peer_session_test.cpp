#include "herd/links/peer_session.hpp"

#include "tests/unit/herd/links/dialler_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace peer_session_test {

using namespace dialler;

TEST_CASE("peer_session: a neighbour is welcomed, and at first granted nothing", "[herd][peer]") {
    House house;
    Dialler peer(house);
    CHECK(peer.greet() == "000000000000000b 0 0 0");
    CHECK_FALSE(peer.ended);
}

TEST_CASE("peer_session: who is no neighbour is told so, and the connection ends", "[herd][peer]") {
    const std::pair<std::string, std::string> refusals[] = {
        {"HELLO 2 B 000000000000000b 0 0\n" + at, "ERR 502 "},
        {"HELLO 2 something new\n", "ERR 502 "},
        {"HELLO 1 C 000000000000000b 0 0\n" + at, "ERR 503 "},
        {"HELLO 1 A 000000000000000b 0 0\n" + at, "ERR 503 "},
        {"HELLO 1 nobody\x1b 000000000000000b 0 0\n", "ERR 501 "},
        {"HELLO 1 B b 0 0\n", "ERR 501 "},
        {at, "ERR 501 "},
        {"SEQ 5\n" + at, "ERR 501 "},
        {"PING 5\n", "ERR 501 "},
        {"WELCOME 1 B 000000000000000b 0000000000000000 0 0 0 0\n", "ERR 501 "},
        {"GET / HTTP/1.1\r\n" + at, "ERR 501 "},
        {"\n", "ERR 501 "},
    };
    for (const auto& [said, answer] : refusals) {
        INFO(said);
        House house;
        Dialler peer(house);
        const std::string heard = peer.ask(said);
        CHECK(heard.starts_with(answer));
        CHECK(std::ranges::count(heard, '\n') == 1);
        CHECK(peer.ended);
        CHECK(house.server.counters().peers_refused == 1);
        CHECK(house.server.table().size() == 0);
    }
}

TEST_CASE("peer_session: a neighbour that leaves the protocol is refused from there on",
          "[herd][peer]") {
    for (const std::string offence : {"HELLO 1 B 000000000000000b 0 0\n",
                                      "nonsense\n",
                                      "AT B +0.5 c +1-1\n",
                                      "ACK 5\n",
                                      "PONG 5\n",
                                      "ERR 501 no\n",
                                      "SEQ -1\n",
                                      "SEQ 18446744073709551616\n"}) {
        INFO(offence);
        House house;
        Dialler peer(house);
        peer.greet();
        CHECK(peer.ask(at + offence + "AT B +0.5 d +1-1 5\n").starts_with("ERR 501 "));
        CHECK(peer.ended);
        CHECK(house.stored("c") == "AT B +0.5 c +1-1 5");
        CHECK(house.stored("d").empty());
        CHECK(house.server.counters().peer_lines_bad == 1);
    }
}

TEST_CASE("peer_session: reports of a neighbour are stored as its own run's, and only when newer",
          "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    CHECK(peer.ask(at + at + "AT B +0.5 c +1-1 4 Hop\nAT C -1.5 d +2-2 1\r\n").empty());
    CHECK(house.stored("c") == "AT B +0.5 c +1-1 5");
    CHECK(house.stored("d") == "AT C -1.5 d +2-2 1");
    CHECK(house.server.counters().relayed == 2);
    CHECK(house.server.counters().duplicates == 2);
    const auto source = house.server.table().find("c")->source;
    CHECK(source != 0);
    CHECK(house.server.table().find("d")->source == source);
}

TEST_CASE("peer_session: what a neighbour reports beyond a limit is counted and dropped",
          "[herd][peer]") {
    House house({.clients = 2, .long_records = 1, .line_max = 300}, 60'000);
    Dialler peer(house);
    peer.greet();
    const auto line = [](const std::string& client, const char* skew) {
        return "AT B " + std::string(skew) + " " + client + " +1-1 5\n";
    };
    CHECK(peer.ask(line("early", "-60.000000001")).empty());
    CHECK(peer.ask(line(std::string(600, 'x'), "+0.0")).empty());
    CHECK(peer.ask(line(std::string(200, 'x'), "-60")).empty());
    CHECK(peer.ask(line(std::string(201, 'x'), "+0.0")).empty());
    CHECK(peer.ask(line("a", "+0.0") + line("b", "+0.0")).empty());
    CHECK_FALSE(peer.ended);
    CHECK(house.server.counters().future_stamps == 1);
    CHECK(house.server.counters().long_records_full == 2);
    CHECK(house.server.counters().table_full == 1);
    CHECK(house.server.table().size() == 2);
}

TEST_CASE("peer_session: how far ahead a stamp may be is what the configuration says now",
          "[herd][peer]") {
    House house({.clients = 8, .long_records = 1, .line_max = 300}, 60'000);
    Dialler peer(house);
    peer.greet();
    CHECK(peer.ask("AT B -61 c +1-1 5\n").empty());
    CHECK(house.server.counters().future_stamps == 1);
    house.config.max_future_ms = 62'000;
    CHECK(peer.ask("AT B -61 c +1-1 5\n").empty());
    CHECK(house.server.counters().future_stamps == 1);
    CHECK(house.stored("c") == "AT B -61 c +1-1 5");
}

TEST_CASE("peer_session: a last line without an end is dropped", "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    peer.say(at + "AT B +0.5 d +1-1 1520023934.9");
    peer.end();
    CHECK(peer.hear().empty());
    CHECK(peer.ended);
    CHECK(house.stored("c") == "AT B +0.5 c +1-1 5");
    CHECK(house.stored("d").empty());
}

TEST_CASE("peer_session: lines are read however they are cut up", "[herd][peer]") {
    const std::string text = at + "PING 7\n\r\nSEQ";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        House house;
        Dialler peer(house);
        peer.greet();
        const std::string first = peer.ask(text.substr(0, cut));
        const std::string heard = first + peer.ask(text.substr(cut));
        INFO("cut at " << cut << ": " << heard);
        // The empty line is no message.
        REQUIRE(heard.starts_with("PONG 7\nERR 501 "));
        REQUIRE(house.stored("c") == "AT B +0.5 c +1-1 5");
    }
}

TEST_CASE("peer_session: a line without an end is refused before it fills anything",
          "[herd][peer]") {
    for (const bool greeted : {false, true}) {
        House house;
        Dialler peer(house);
        if (greeted) peer.greet();
        std::string heard;
        int said = 0;
        for (; said < 100 && !peer.ended; ++said) heard += peer.ask(std::string(50, 'x'));
        CHECK(heard.starts_with("ERR 501 "));
        CHECK(said < 20);
    }
}

TEST_CASE("peer_session: a silent neighbour is taken for gone within four seconds",
          "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    for (int i = 0; i < 5; ++i) {
        house.run(2s);
        CHECK(peer.ask("PING 12345678901234567890\n") == "PONG 12345678901234567890\n");
    }
    house.run(2500ms);
    peer.hear();
    CHECK_FALSE(peer.ended);
    house.run(1500ms);
    peer.hear();
    CHECK(peer.ended);
    CHECK(house.server.counters().links_silent == 1);
}

TEST_CASE("peer_session: a neighbour that is heard is told so each second, and no other",
          "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    house.run(1s);
    CHECK(peer.hear().empty());
    // Half a line is a sign of life.
    peer.say("AT B +0.5 c ");
    house.run(1s);
    CHECK(peer.hear() == "ACK 0\n");
    CHECK(peer.ask("+1-1 5\nSEQ 7\n") == "ACK 7\n");
    house.run(1s);
    CHECK(peer.hear().empty());
    peer.say("AT B +0.5 c +1-1 6\n");
    house.run(1s);
    CHECK(peer.hear() == "ACK 7\n");
    house.run(1s);
    CHECK(peer.hear().empty());
}

TEST_CASE("peer_session: when its server leaves, it says no more", "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    peer.say("AT B +0.5 c ");  // To be acknowledged at the next tick.
    house.run(1ms);
    house.server.shut_down();
    CHECK(peer.hear().empty());
    CHECK(peer.ended);
    house.run(1500ms);
    CHECK_FALSE(peer.reset());  // Only one direction has ended.
}

TEST_CASE("peer_session: a stranger that dribbles does not hold its place", "[herd][peer]") {
    House house;
    Dialler peer(house);
    for (int i = 0; i < 4; ++i) {
        peer.say("H");
        house.run(1s);
    }
    peer.hear();
    CHECK(peer.ended);
}

TEST_CASE("peer_session: who speaks TLS is told at once that it is not spoken here",
          "[herd][peer]") {
    House house;
    Dialler peer(house);
    CHECK(peer.ask({'\x16', '\x03', '\x01', '\x01', '\x2c', '\x01'}) ==
          "ERR 507 TLS is not spoken here\n");
    CHECK(peer.ended);
    // A byte 22 alone is no reason.
    Dialler other(house);
    CHECK(other.ask("\x16").empty());
    CHECK_FALSE(other.ended);
    CHECK(house.server.counters().peer_lines_bad == 0);
}

TEST_CASE("peer_session: more connections than there is room for wait until one has ended",
          "[herd][peer]") {
    House house({.clients = 2, .long_records = 1, .peer_connections = 2, .line_max = 300});
    Dialler first(house);
    CHECK(first.greet() == "000000000000000b 0 0 0");
    Dialler second(house);
    Dialler third(house);
    CHECK(third.ask("nonsense\n").empty());
    CHECK_FALSE(third.ended);
    CHECK(house.server.counters().peers_waited == 1);
    second.end();
    CHECK(third.hear().starts_with("ERR 501 "));
    CHECK(second.hear().empty());
    CHECK(second.ended);
}

}  // namespace peer_session_test
