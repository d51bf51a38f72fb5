#include "herd/links/peer_link.hpp"

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "protocol/peer_message.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/run_host.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr sim::Host here = 1;
constexpr sim::Host there = 2;
constexpr const char* epoch_b = "000000000000000b";

// Server A, whose neighbour B is played by the test: it listens where A dials.
class House {
public:
    explicit House(std::uint32_t records_per_turn = 256) : config(configure(records_per_turn)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open(herd::loop_limits(config)).has_value());
        REQUIRE(server.open().has_value());
        server.start();
    }

    static herd::config::Config configure(std::uint32_t records_per_turn) {
        using reactor::Address;
        herd::config::Config config;
        config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"B"}},
                          {"B", Address::loopback(1001), Address::loopback(1101), {"A"}}};
        config.limits = {.clients = 5000,
                         .long_records = 1,
                         .line_max = 300,
                         .records_per_turn = records_per_turn};
        return config;
    }
    void run(reactor::Duration duration) { sim::run_host(kernel, here, loop, duration); }

    // What B does.
    void listen() {
        kernel.enter(there);
        listener = *kernel.open_socket();
        REQUIRE(kernel.bind(listener, reactor::Address::loopback(1101)).has_value());
        REQUIRE(kernel.listen(listener).has_value());
    }
    // Waits until A has dialled, and answers what it says first.
    std::string accept(reactor::Duration patience = 6s) {
        for (auto waited = 0ms; waited < patience; waited += 1ms) {
            run(1ms);
            kernel.enter(there);
            if (const auto accepted = kernel.accept(listener)) {
                fd = *accepted;
                ended = false;
                return hear();
            }
        }
        return "";
    }
    void say(const std::string& bytes) {
        kernel.enter(there);
        static_cast<void>(kernel.send(fd, bytes));
    }
    // What has come when `duration` has passed; at most `most` bytes of it.
    std::string hear(reactor::Duration duration = 1ms, std::size_t most = SIZE_MAX) {
        run(duration);
        kernel.enter(there);
        std::string all;
        std::vector<char> room(4096);
        while (all.size() < most) {
            const std::size_t size = std::min(room.size(), most - all.size());
            const auto received = kernel.receive(fd, std::span(room).first(size));
            if (!received && received.error().value == EAGAIN) break;
            ended = !received || *received == 0;
            if (ended) break;
            all.append(room.data(), *received);
        }
        return all;
    }
    void hang_up() {
        kernel.enter(there);
        kernel.close(fd);
    }
    std::string welcome(const std::string& position = "0000000000000000 0 0 0",
                        const std::string& epoch = epoch_b) {
        say("WELCOME 1 B " + epoch + " " + position + " 0\n");
        return hear();
    }
    // A position in A's present run.
    std::string in_run(const std::string& position) const {
        char out[protocol::peer_message_size_max];
        const std::string hello(
            protocol::format(out, protocol::Hello{1, "A", server.epoch(), 0, 0}));
        return hello.substr(10, 16) + " " + position;
    }
    // B also dials A and sends its changes: `clients` of them.
    void report_from_b(std::uint32_t clients) {
        kernel.enter(there);
        const int dialled = *kernel.open_socket();
        static_cast<void>(kernel.connect(dialled, reactor::Address::loopback(1100)));
        run(10us);
        kernel.enter(there);
        REQUIRE(kernel.take_error(dialled).has_value());
        std::string text = std::string("HELLO 1 B ") + epoch_b + " 0 0\n";
        for (std::uint32_t i = 0; i < clients; ++i) {
            text += "AT B +0.5 b" + std::to_string(i) + " +1-1 5\n";
        }
        REQUIRE(*kernel.send(dialled, text) == text.size());
        run(100us);
    }
    // Clients of A's report for the first time, or once more.
    void report(std::uint32_t first, std::uint32_t count) {
        kernel.enter(there);
        const int visitor = *kernel.open_socket();
        static_cast<void>(kernel.connect(visitor, reactor::Address::loopback(1000)));
        run(10us);
        kernel.enter(there);
        REQUIRE(kernel.take_error(visitor).has_value());
        ++stamp;
        std::string text;
        for (std::uint32_t i = first; i < first + count; ++i) {
            text += "IAMAT a" + std::to_string(i) + " +1-1 " + std::to_string(stamp) + "\n";
        }
        REQUIRE(*kernel.send(visitor, text) == text.size());
        run(20us);
        kernel.enter(there);
        kernel.close(visitor);
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
    int listener = -1;
    int fd = -1;
    int stamp = 100;
    bool ended = false;
};

// How many of the lines begin so.
std::ptrdiff_t count(const std::string& text, const std::string& start) {
    std::ptrdiff_t found = text.starts_with(start) ? 1 : 0;
    for (std::size_t i = 0; (i = text.find("\n" + start, i)) != std::string::npos; ++i) ++found;
    return found;
}

}  // namespace

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

TEST_CASE("peer_link: a link goes on behind what the neighbour has processed of this run",
          "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 5);
    const std::pair<std::string, std::ptrdiff_t> claims[] = {
        {house.in_run("0 0 0"), 5},
        {house.in_run("3 0 0"), 2},
        {house.in_run("5 0 0"), 0},
        {house.in_run("1 5 3"), 2},
        {house.in_run("6 0 0"), 5},
        {house.in_run("1 6 5"), 5},
        {"00000000000000aa 5 0 0", 5},
        {"0000000000000000 0 0 0", 5},
    };
    for (const auto& [claim, records] : claims) {
        INFO(claim);
        house.accept();
        CHECK(count(house.welcome(claim), "AT A ") == records);
        house.hang_up();
    }
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
        house.say("PONG" + heard.substr(heard.find(' ')));
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
        REQUIRE(house.kernel.send(house.fd, "PONG 1\n") == 7U);
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
        house.say("PONG 1\n");
    }
    REQUIRE(count(feed, "SWP 4500 ") > 0);
    const std::size_t last = feed.rfind("\nSWP 4500 ");
    const std::string slot = feed.substr(last + 10, feed.find('\n', last + 1) - last - 10);
    std::size_t seq = feed.rfind("\nSEQ ", last);
    seq = seq == std::string::npos ? feed.rfind("SEQ ", last) : seq + 1;
    const std::string base = feed.substr(seq + 4, feed.find('\n', seq) - seq - 4);
    // Resumed from there, all the rest and hardly anything else comes: slots were taken in this
    // order.
    house.hang_up();
    house.kernel.buffer_size = 1'000'000;
    house.accept();
    feed = house.welcome(house.in_run(base + " 4500 " + slot));
    feed += house.hear(500ms);
    const int rest = 4500 - std::max(std::stoi(slot), std::stoi(base));
    CHECK(count(feed, "AT A ") >= rest);
    CHECK(count(feed, "AT A ") <= rest + 8);  // what a second's upkeep says again
    CHECK(count(feed, "SEQ 4500") == 1);
}
