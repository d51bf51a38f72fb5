#include "herd/http/server.hpp"
#include "tests/unit/herd/http/http_house.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

// How long a connection may do nothing, and who has a slot.
namespace http_slots_test {

using namespace herd::http_house;

TEST_CASE("http server: each time limit ends the connection, and is counted", "[herd][http]") {
    struct Case {
        const char* said;
        const char* heard;
        reactor::Duration limit;
        std::uint64_t late;
    };
    const Case cases[] = {
        {"", "$", 10s, 1},
        {"GET /n", "HTTP/1.1 408 Request Timeout", 10s, 1},
        {"GET /now HTTP/1.1\r\n", "HTTP/1.1 408 Request Timeout", 10s, 1},
        {"POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nx",
         "HTTP/1.1 408 Request Timeout",
         10s,
         1},
        {"GET /now HTTP/1.1\r\nHost: h\r\n\r\n", "$", 60s, 0},
    };
    for (const Case& each : cases) {
        INFO(each.said);
        House house;
        const int fd = house.connect();
        house.say(fd, each.said);
        house.hear(fd);
        house.run(each.limit - 2s);
        CHECK(house.hear(fd).empty());
        house.run(5s);
        CHECK(house.hear(fd).starts_with(each.heard));
        CHECK(house.server.counters().late == each.late);
        // It does not end.
        house.run(5s);
        CHECK(house.server.size() == 0);
        CHECK(house.server.counters().stalled == 1);
    }
}

TEST_CASE("http server: a request that comes byte by byte is late all the same", "[herd][http]") {
    House house;
    const int fd = house.connect();
    const std::string request = get("/now");
    for (std::size_t i = 0; i < 13; ++i) {
        house.say(fd, request.substr(i, 1));
        house.run(1s);
    }
    CHECK(house.hear(fd).starts_with("HTTP/1.1 408 "));
}

TEST_CASE("http server: the last slot is taken from who has asked nothing yet", "[herd][http]") {
    House house;
    const int polite = house.connect();
    CHECK(house.ask(polite, get("/now")) == ok("/now"));
    const int silent = house.connect();
    house.run(1s);
    const int half = house.connect();
    house.say(half, "GET /n");
    const int newest = house.connect();
    CHECK(house.hear(silent) == "$");
    CHECK(house.ask(newest, get("/now")) == ok("/now"));
    CHECK(house.ask(polite, get("/now")) == ok("/now"));
    CHECK(house.server.counters().evicted == 1);
    CHECK(house.ask(half, "ow HTTP/1.0\r\n\r\n") == ok("/now", true) + "$");
}

TEST_CASE("http server: of many who come at once each that has asked is answered", "[herd][http]") {
    House house;
    std::vector<int> all;
    house.kernel.enter(guests);
    for (int i = 0; i < 40; ++i) {
        const int fd = *house.kernel.open_socket();
        static_cast<void>(house.kernel.connect(fd, reactor::Address::loopback(port)));
        all.push_back(fd);
    }
    // The server runs when each has said all.
    house.kernel.advance_to(house.kernel.now_ns() + 1'000'000);
    const std::string request = get("/now", "Connection: close\r\n");
    for (const int fd : all) {
        REQUIRE(house.kernel.take_error(fd).has_value());
        REQUIRE(*house.kernel.send(fd, request) == request.size());
    }
    house.kernel.advance_to(house.kernel.now_ns() + 1'000'000);
    for (const int fd : all) {
        house.run(5ms);
        CHECK(house.hear(fd) == ok("/now", true) + "$");
        house.close(fd);
    }
    CHECK(house.server.counters().evicted == 0);
}

TEST_CASE("http server: who waits for an answer keeps its slot", "[herd][http]") {
    House house;
    for (int i = 0; i < 4; ++i) house.say(house.connect(), get("/later"));
    house.kernel.enter(guests);
    const int waiting = house.connect();
    house.say(waiting, get("/now"));
    house.run(5s);
    CHECK(house.hear(waiting).empty());
    CHECK(house.server.counters().waited == 1);
    house.find(2)->answer({.body = "x"});
    house.run(4s);
    // Who was answered is idle by then.
    CHECK(house.hear(waiting) == ok("/now"));
}

TEST_CASE("http server: draining answers what was asked, then ends", "[herd][http]") {
    House house;
    struct Done {
        int count = 0;
        void on_done() { ++count; }
    } done;
    const int idle = house.connect();
    house.ask(idle, get("/now"));
    const int waiting = house.connect();
    house.say(waiting, get("/later"));
    house.kernel.enter(server_host);
    house.server.drain(reactor::Delegate<void()>::to<&Done::on_done>(done));
    CHECK(house.hear(idle) == "$");
    house.find(0)->answer({.body = "x"});
    CHECK(house.hear(waiting) == ok("x", true) + "$");
    CHECK(done.count == 0);
    house.close(idle);
    house.close(waiting);
    CHECK(done.count == 1);
    CHECK(house.server.size() == 0);
}

}  // namespace http_slots_test
