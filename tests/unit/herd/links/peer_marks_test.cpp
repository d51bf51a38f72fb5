// How far a neighbour is taken to have come, by its marks: SEQ and SWP.
#include "herd/links/peer_session.hpp"
#include "tests/unit/herd/links/dialler_house.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace peer_marks_test {

using namespace dialler;

TEST_CASE("peer_marks: a position is granted again to the same run, on whatever connection",
          "[herd][peer]") {
    House house;
    {
        Dialler peer(house);
        peer.greet();
        peer.ask(at + "SEQ 5\nSWP 9 3\n");
        peer.end();
        house.run(1ms);
    }
    Dialler again(house);
    CHECK(again.greet() == "000000000000000b 5 9 3");
    // The newest session wins; the older one ends without a word.
    Dialler newer(house);
    CHECK(newer.greet() == "000000000000000b 5 9 3");
    CHECK(again.ask("SEQ 100\nAT B +0.5 d +1-1 5\n").empty());
    CHECK(again.ended);
    CHECK(house.stored("d").empty());
    CHECK_FALSE(newer.ended);
    // Another run starts anew, and so does the old one when it comes back.
    Dialler other(house);
    CHECK(other.greet("000000000000000c") == "000000000000000c 0 0 0");
    Dialler old(house);
    CHECK(old.greet() == "000000000000000b 0 0 0");
}

TEST_CASE("peer_marks: a position never goes back, and a sweep's end is the end of its marks",
          "[herd][peer]") {
    const std::pair<std::string, std::string> marks[] = {
        {"SEQ 5\nSEQ 3\n", "5 0 0"},
        {"SEQ 5\nSEQ 5\n", "5 0 0"},
        {"SWP 9 3\n", "0 9 3"},
        {"SWP 9 3\nSWP 9 4\n", "0 9 4"},
        {"SEQ 5\nSWP 5 3\n", "5 0 0"},
        {"SEQ 5\nSWP 4 3\n", "5 0 0"},
        {"SEQ 2\nSWP 9 3\nSEQ 8\n", "8 9 3"},
        {"SEQ 2\nSWP 9 3\nSEQ 9\n", "9 0 0"},
        {"SEQ 2\nSWP 9 3\nSEQ 12\nSWP 9 7\n", "12 0 0"},
    };
    for (const auto& [said, granted] : marks) {
        INFO(said);
        House house;
        Dialler peer(house);
        peer.greet();
        peer.ask(said);
        CHECK(Dialler(house).greet("000000000000000b", "12") == "000000000000000b " + granted);
    }
}

TEST_CASE("peer_marks: a mark that the neighbour cannot have come to is refused", "[herd][peer]") {
    const std::string far = std::to_string((std::uint64_t{1} << 37) + 9);
    for (const std::string& mark : {"SEQ " + far,
                                    std::string("SEQ 18446744073709551615"),
                                    "SWP " + far + " 1",
                                    std::string("SWP 18446744073709551615 4294967295")}) {
        INFO(mark);
        House house;
        Dialler peer(house);
        peer.greet();
        CHECK(peer.ask("SEQ 5\n" + mark + "\n").starts_with("ACK 5\nERR 501 "));
        CHECK(peer.ended);
        CHECK(house.server.counters().peer_lines_bad == 1);
        CHECK(Dialler(house).greet() == "000000000000000b 5 0 0");
    }
}

TEST_CASE("peer_marks: a position beyond the neighbour's own feed is forgotten", "[herd][peer]") {
    for (const std::string mark : {"SEQ 8\n", "SWP 8 3\n"}) {
        INFO(mark);
        House house;
        Dialler peer(house);
        peer.greet();
        peer.ask("SEQ 2\n" + mark);
        // It has come to 7 of its changes, and says so later than that.
        CHECK(Dialler(house).greet("000000000000000b", "7") == "000000000000000b 0 0 0");
    }
}

TEST_CASE("peer_marks: a sweep's marks are acknowledged as they are said", "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    CHECK(peer.ask("SEQ 2\nSWP 9 3\n") == "ACK 2\nSWP 9 3\n");
    CHECK(peer.ask("SWP 9 4\nSWP 9 5\n") == "SWP 9 5\n");
    CHECK(peer.ask("SWP 9 6\nSEQ 9\n") == "ACK 9\n");
    CHECK(peer.ask("SWP 9 7\n").empty());
}

TEST_CASE("peer_marks: a mark counts once its line has ended, and no sooner", "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    peer.ask("SEQ 5\nSEQ 77");
    CHECK(Dialler(house).greet() == "000000000000000b 5 0 0");
}

}  // namespace peer_marks_test
