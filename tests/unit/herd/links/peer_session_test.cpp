#include "herd/links/peer_session.hpp"

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace peer_session_test {

namespace {

using namespace std::chrono_literals;

constexpr sim::Host here = 1;
constexpr sim::Host there = 2;

// Server A, whose neighbour B is played by the test: it dials A's peer port and says what it likes.
class House {
public:
    explicit House(const herd::config::Limits& limits = {.clients = 8,
                                                         .long_records = 1,
                                                         .line_max = 300},
                   std::int64_t max_future_ms = 0)
        : config(configure(limits, max_future_ms)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open(herd::loop_limits(config)).has_value());
        REQUIRE(server.open().has_value());
        server.start();
    }

    static herd::config::Config configure(const herd::config::Limits& limits,
                                          std::int64_t max_future_ms) {
        using reactor::Address;
        herd::config::Config config;
        config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"B"}},
                          {"B", Address::loopback(1001), Address::loopback(1101), {"A", "C"}},
                          {"C", Address::loopback(1002), Address::loopback(1102), {"B"}}};
        config.limits = limits;
        config.max_future_ms = max_future_ms;
        return config;
    }
    void run(reactor::Duration duration) { sim::run_host(kernel, here, loop, duration); }
    std::string stored(const char* client) const {
        const herd::table::Record* record = server.table().find(client);
        return record == nullptr ? "" : std::string(server.table().line(*record));
    }
    void on_stopped() {}

    sim::FakeKernel kernel{1};
    herd::config::Config config;
    reactor::Loop loop;
    sim::FakePlaces places{loop};
    herd::Server server{loop,
                        places,
                        config,
                        config.servers[0],
                        reactor::Delegate<void()>::to<&House::on_stopped>(*this)};
};

// One connection to A's peer port.
class Dialler {
public:
    explicit Dialler(House& house) : house_(house) {
        const auto run = [&house](reactor::Duration duration) { house.run(duration); };
        fd_ = herd::fake_client::connect(house.kernel, there, 1100, run);
    }

    void say(const std::string& bytes) {
        if (bytes.empty()) return;
        house_.kernel.enter(there);
        static_cast<void>(house_.kernel.send(fd_, bytes));
    }
    void end() {
        house_.kernel.enter(there);
        house_.kernel.shutdown_write(fd_);
    }
    std::string hear() {
        house_.run(1ms);
        const auto heard = herd::fake_client::receive_all(house_.kernel, there, fd_);
        ended = heard.end != herd::fake_client::Heard::End::none;
        return heard.text;
    }
    bool reset() {
        house_.kernel.enter(there);
        char byte = 0;
        const auto received = house_.kernel.receive(fd_, {&byte, 1});
        return !received && received.error().value != EAGAIN;
    }
    std::string ask(const std::string& bytes) {
        say(bytes);
        return hear();
    }
    // Greets and returns the position that A grants: resume-epoch to sweep-slot.
    std::string greet(const char* epoch = "000000000000000b") {
        const std::string answer =
            ask(std::string("HELLO 1 B ") + epoch + " 0 1767225600000000000\n");
        REQUIRE(answer.starts_with("WELCOME 1 A "));
        const std::size_t start = answer.find(' ', 12) + 1;
        return answer.substr(start, answer.rfind(' ') - start);
    }

    bool ended = false;

private:
    House& house_;
    int fd_ = -1;
};

const std::string at = "AT B +0.5 c +1-1 5\n";

}  // namespace

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

TEST_CASE("peer_session: a position is granted again to the same run, on whatever connection",
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

TEST_CASE("peer_session: a position never goes back, and a sweep's end is the end of its marks",
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
        {"SEQ 18446744073709551615\nSWP 18446744073709551615 1\n", "18446744073709551615 0 0"},
    };
    for (const auto& [said, granted] : marks) {
        INFO(said);
        House house;
        Dialler peer(house);
        peer.greet();
        peer.ask(said);
        CHECK(Dialler(house).greet() == "000000000000000b " + granted);
    }
}

TEST_CASE("peer_session: a mark counts once its line has ended, and no sooner", "[herd][peer]") {
    House house;
    Dialler peer(house);
    peer.greet();
    peer.ask("SEQ 5\nSEQ 77");
    CHECK(Dialler(house).greet() == "000000000000000b 5 0 0");
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
