#include "herd/map/feed.hpp"

#include "tests/unit/herd/map/map_reader.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

namespace map_feed_test {

using namespace herd;
using namespace herd::map_reader;
using namespace herd::small_world;

namespace {

// A client's connection to a world's first server.
class Phone {
public:
    explicit Phone(World& world) : world_(world), fd_(world.connect()) {}
    void report(const std::string& client, const std::string& place) {
        pending_ += "IAMAT " + client + " " + place + " " + std::to_string(++time_) + "\n";
        if (pending_.size() > 30'000) flush();
    }
    void flush() {
        if (pending_.empty()) return;
        world_.say(fd_, std::exchange(pending_, {}));
        world_.run(1ms);
        static_cast<void>(world_.hear(fd_));
    }
    void crowd(int count, const std::string& place = "+10+20") {
        for (int i = 0; i < count; ++i) report("c" + std::to_string(i), place);
        flush();
    }

private:
    World& world_;
    int fd_;
    std::string pending_;
    int time_ = 1000;
};

bool is_like(double one, double other) {
    return std::abs(one - other) < 0.00002;
}

}  // namespace

TEST_CASE("map feed: the first picture, then each move, then who has left", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    phone.report("kiwi", "+34.06893-118.44512");
    phone.report("far", "-34+118");
    phone.flush();
    Viewer viewer(world, "?box=30,-120,40,-110");
    viewer.watch(20ms);
    CHECK(viewer.head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(viewer.head.find("Cache-Control: no-store\r\n") != std::string::npos);
    CHECK(viewer.retry == 1000);
    CHECK(viewer.whole);
    CHECK(viewer.hello.find("\"server\":\"A\"") != std::string::npos);
    CHECK(viewer.hello.find("{\"name\":\"B\",\"links\":[0]}") != std::string::npos);
    REQUIRE(viewer.shown.size() == 1);
    CHECK(is_like(viewer.shown[0].latitude, 34.06893));
    CHECK(is_like(viewer.shown[0].longitude, -118.44512));
    CHECK(viewer.shown[0].server == 0);
    phone.report("kiwi", "+35-119");
    phone.report("new", "+36-115");
    phone.report("far", "-35+119");
    phone.flush();
    viewer.watch(300ms);
    CHECK(viewer.shown.size() == 2);
    CHECK(is_like(viewer.shown[0].latitude, 35));
    CHECK(viewer.nows == 3);
    CHECK(viewer.gones == 0);
    phone.report("kiwi", "+41-119");
    phone.report("far", "+31-111");
    phone.flush();
    viewer.watch(300ms);
    CHECK(viewer.shown.size() == 2);
    CHECK(viewer.shown.count(0) == 0);
    CHECK(viewer.shown.count(1) == 1);
    world.a().check();
}

TEST_CASE("map feed: whoever moves often is told of at most four times a second", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    Viewer viewer(world, "");
    for (int i = 0; i < 400; ++i) {
        phone.report("kiwi", "+10+" + std::to_string(i % 90));
        phone.flush();
        viewer.watch(5ms);
    }
    viewer.watch(300ms);
    CHECK(viewer.nows >= 7);
    CHECK(viewer.nows <= 12);
    CHECK(is_like(viewer.shown[0].longitude, 399 % 90));
    CHECK(world.a().counters().map_conflated >= 380);
}

TEST_CASE("map feed: a picture of many comes in pieces, and holds nobody up", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    phone.crowd(20'000);
    Viewer viewer(world, "");
    CHECK_FALSE(viewer.whole);
    for (int i = 0; i < 1000 && !viewer.whole; ++i) viewer.watch(5ms);
    CHECK(viewer.shown.size() == 20'000);
    CHECK(viewer.nows == 20'000);
    CHECK(viewer.largest <= map::Feed::piece_size + 4096);
    world.a().check();
}

TEST_CASE("map feed: all pages together are told so many positions a second", "[herd][map]") {
    config::Config config = with_map();
    config.limits.map_moves_per_s = 20'000;
    World world(config);
    Phone phone(world);
    phone.crowd(20'000);
    Viewer one(world, "");
    Viewer other(world, "");
    const auto watch = [&](int times) {
        const std::size_t before = one.nows + other.nows;
        for (int i = 0; i < times; ++i) {
            one.watch(5ms);
            other.read();
        }
        return one.nows + other.nows - before;
    };
    watch(500);
    REQUIRE(one.whole);
    REQUIRE(other.whole);
    CHECK(world.a().counters().map_held_back >= 6);
    // All move all the time: no page is told more than its share, and none is left out.
    const std::size_t first = one.nows;
    std::size_t told = 0;
    for (int round = 0; round < 8; ++round) {
        phone.crowd(20'000, "+" + std::to_string(20 + round) + "+30");
        told += watch(50);
    }
    CHECK(told <= 2 * 20'000 + 5'000);
    CHECK(told >= 2 * 20'000 - 5'000);
    CHECK(one.nows - first >= told / 3);
    CHECK(one.nows - first <= told * 2 / 3);
    // And when they stand, all is told.
    watch(800);
    for (const auto& [slot, client] : one.shown) CHECK(is_like(client.latitude, 27));
    CHECK(other.shown.size() == 20'000);
    world.a().check();
}

TEST_CASE("map feed: who does not read costs nothing, and then sees the newest", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    phone.crowd(20'000);
    Viewer viewer(world, "");
    std::uint32_t blocks = 0;
    for (int round = 0; round < 6; ++round) {
        phone.crowd(20'000, "+" + std::to_string(20 + round) + "+30");
        world.run(300ms);
        blocks = std::max(blocks, world.a().wire().blocks().in_use());
    }
    // A piece, and what else was being said.
    CHECK(blocks <= 2 * (map::Feed::piece_size / reactor::BlockPool::block_size) + 8);
    phone.report("c7", "+50+50");
    phone.flush();
    for (int i = 0; i < 300; ++i) viewer.watch(5ms);
    CHECK(viewer.whole);
    CHECK(viewer.shown.size() == 20'000);
    std::size_t old = 0;
    for (const auto& [slot, client] : viewer.shown) old += !is_like(client.latitude, 25);
    CHECK(old == 1);
    CHECK(is_like(viewer.shown[7].latitude, 50));
    // What the kernel had when it began not to read, and then each once more.
    CHECK(viewer.nows < 60'000);
    CHECK(world.a().counters().map_conflated > 20'000);
    world.a().check();
}

TEST_CASE("map feed: who does not read for long is closed", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    phone.crowd(20'000);
    Viewer viewer(world, "");
    phone.crowd(20'000);
    world.run(20s);
    CHECK(world.a().operations().viewers() == 0);
    CHECK(world.a().wire().blocks().in_use() == 0);
    world.a().check();
}

TEST_CASE("map feed: who was told goes on there after a while away", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    phone.crowd(50);
    Viewer first(world, "?box=0,0,50,50");
    first.watch(2500ms);
    REQUIRE_FALSE(first.id.empty());
    first.close();
    world.run(2s);
    CHECK(world.a().operations().viewers() == 0);
    phone.report("c3", "+11+21");
    phone.report("c4", "-11+21");
    phone.report("new", "+12+22");
    phone.flush();
    SECTION("as a browser says it") {
        Viewer again(world, "?box=0,0,50,50", "Last-Event-ID: " + first.id + "\r\n");
        again.watch(300ms);
        CHECK(again.hello.find("\"whole\":false") != std::string::npos);
        CHECK(again.log == std::vector<std::string>{"gone 4", "now 3", "now 50"});
        CHECK(again.whole);
        // Of the others, too, it is told that they leave.
        phone.report("c5", "-11+21");
        phone.report("c5", "-12+21");
        phone.flush();
        again.watch(300ms);
        phone.report("c5", "-13+21");
        phone.flush();
        again.watch(300ms);
        CHECK(again.log.back() == "gone 5");
        CHECK(again.gones == 2);
    }
    SECTION("as a page says it") {
        Viewer again(world, "?box=0,0,50,50&last=" + first.id);
        again.watch(300ms);
        CHECK(again.nows == 2);
    }
    SECTION("of another run it is told all") {
        const std::string other = "1" + first.id;
        Viewer again(world, "?box=0,0,50,50&last=" + other);
        again.watch(300ms);
        CHECK(again.hello.find("\"whole\":true") != std::string::npos);
        CHECK(again.nows == 50);
    }
    SECTION("of nonsense likewise") {
        for (const char* id : {"x", "1", "1-2", "-", "ffffffffffffffffffff-1-1"}) {
            Viewer again(world, std::string("?box=0,0,50,50&last=") + id);
            again.watch(300ms);
            CHECK(again.nows == 50);
            again.close();
            world.run(2s);
        }
    }
}

TEST_CASE("map feed: a followed client is told of wherever it is", "[herd][map]") {
    World world(with_map());
    Phone phone(world);
    phone.crowd(3, "-60-60");
    Viewer viewer(world, "?box=0,0,50,50&follow=c1");
    viewer.watch(300ms);
    CHECK(viewer.hello.find("\"follow\":1") != std::string::npos);
    CHECK(viewer.shown.size() == 1);
    phone.report("c1", "-61-61");
    phone.flush();
    viewer.watch(300ms);
    CHECK(is_like(viewer.shown[1].latitude, -61));
}

TEST_CASE("map feed: beyond the limit one is told to come again", "[herd][map]") {
    World world(with_map());
    Viewer one(world, "?page=1");
    Viewer two(world, "?page=2");
    Viewer three(world, "?page=3");
    Viewer four(world, "?page=4");
    four.watch(10ms);
    CHECK(four.head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(four.busy);
    CHECK(four.ended);
    CHECK(four.retry == 5000);
    CHECK(world.a().counters().map_viewers_refused == 1);
    // The same page again, which does not close what it had.
    Viewer again(world, "?page=2");
    again.watch(300ms);
    CHECK_FALSE(again.busy);
    CHECK(again.whole);
    CHECK(world.a().operations().viewers() == 3);
    CHECK(world.a().counters().map_viewers_refused == 1);
    world.a().check();
}

TEST_CASE("map feed: how the server is comes each second", "[herd][map]") {
    World world(with_map(), 2);
    Phone phone(world);
    phone.crowd(5);
    Viewer viewer(world, "");
    viewer.watch(3s);
    CHECK(viewer.state.find("\"clients\":5,") != std::string::npos);
    CHECK(viewer.state.find("\"viewers\":1,") != std::string::npos);
    CHECK(viewer.state.find("{\"to\":\"B\",\"state\":\"live\"") != std::string::npos);
}

TEST_CASE("map feed: who has expired goes, and his slot may be another's", "[herd][map]") {
    config::Config config = with_map();
    config.ttl_s = 30;
    config.limits.clients = 4;
    World world(config);
    const std::int64_t now_s = [&] {
        world.kernel.enter(0);
        return reactor::sys::wall_s();
    }();
    const int fd = world.connect();
    const auto report = [&](const std::string& client, std::int64_t stamp_s) {
        world.say(fd, "IAMAT " + client + " +1+1 " + std::to_string(stamp_s) + "\n");
        static_cast<void>(world.hear(fd));
    };
    report("old", now_s);
    Viewer viewer(world, "");
    viewer.watch(300ms);
    CHECK(viewer.shown.size() == 1);
    for (int i = 0; i < 80 && world.a().table().size() > 0; ++i) viewer.watch(1s);
    REQUIRE(world.a().table().size() == 0);
    viewer.watch(1s);
    CHECK(viewer.shown.empty());
    report("new", now_s + 60);
    viewer.watch(300ms);
    CHECK(viewer.shown.count(0) == 1);
    // Both between two passes: the page hears of both.
    CHECK(viewer.log.back() == "now 0");
}

TEST_CASE("map feed: HEAD, and questions that are none", "[herd][map]") {
    World world(with_map());
    const auto ask = [&](const std::string& request) {
        const int fd = world.connect(http_port);
        world.say(fd, request);
        return world.hear(fd);
    };
    CHECK(ask("GET /map/events?box=1,2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .starts_with("HTTP/1.1 400 Bad Request\r\n"));
    const std::string head = ask("HEAD /map/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(world.a().operations().viewers() == 0);
    CHECK(ask("POST /map/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
              .starts_with("HTTP/1.1 405"));
    CHECK(ask("GET /map/else HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 404"));
    CHECK(ask("GET /map/events HTTP/1.0\r\n\r\n").find("event:hello\n") != std::string::npos);
    CHECK(world.a().operations().viewers() == 1);
}

}  // namespace map_feed_test
