// What viewers of the map see in the end is what is so.
#include "tests/unit/herd/map/map_reader.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace map_truth_test {

using namespace herd;
using namespace herd::map_reader;
using namespace herd::small_world;

namespace {

bool is_like(double one, double other) {
    return std::abs(one - other) < 0.00002;
}

// Clients who move and expire, three who look on, and chance.
struct Play {
    static constexpr std::size_t looking_on = 3;
    static constexpr std::array<const char*, looking_on> boxes{
        "20.1,20.1,20.3,20.3", "20,20.2,21,20.4", "-90,-180,90,180"};

    static config::Config short_lived() {
        config::Config config = with_map();
        config.ttl_s = 45;
        return config;
    }
    explicit Play(std::uint32_t seed) : world(short_lived()), random(seed) {
        for (std::size_t i = 0; i < looking_on; ++i) {
            viewers.push_back(std::make_unique<Viewer>(world, question(i)));
        }
    }
    static std::string question(std::size_t which) {
        return std::string("?box=") + boxes[which] + "&page=" + std::to_string(which + 1);
    }
    // With what it has by then, and as it knows to say how far it was told.
    void come_again(std::size_t which) {
        const std::unique_ptr<Viewer> before = std::move(viewers[which]);
        before->close();
        world.run(std::chrono::milliseconds(any(0, 1) > 0 ? 1 : 700));
        const std::string last = before->id.empty() ? "" : "&last=" + before->id;
        viewers[which] = std::make_unique<Viewer>(world, question(which) + last, "", before->shown);
        resumed += viewers[which]->hello.find("\"whole\":false") != std::string::npos;
    }
    int any(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); }

    void report() {
        world.kernel.enter(0);
        const std::int64_t now_s = reactor::sys::wall_s();
        std::string lines;
        for (int i = any(0, 300); i > 0; --i) {
            lines += "IAMAT c" + std::to_string(any(0, 300)) + " +20." +
                     std::to_string(any(10, 50)) + "+20." + std::to_string(any(10, 50)) + " " +
                     std::to_string(now_s - any(0, 58)) + "." + std::to_string(++reports) + "\n";
        }
        world.say(fd, lines);
        static_cast<void>(world.hear(fd));
    }
    void settle() {
        for (int i = 0; i < 400; ++i) {
            world.run(5ms);
            for (const auto& viewer : viewers) viewer->read();
        }
    }
    bool is_expired(std::uint32_t slot) {
        world.kernel.enter(0);
        const std::int64_t expires_ns =
            world.a().table().at(slot).effective_ns + world.config.ttl_s * 1'000'000'000;
        return expires_ns <= reactor::sys::wall_ns();
    }
    void check(std::size_t which) {
        const Viewer& viewer = *viewers[which];
        REQUIRE_FALSE(viewer.ended);
        CHECK(viewer.whole);
        const map::Box box = *map::Box::parse(boxes[which]);
        const table::LocationTable& table = world.a().table();
        std::size_t inside = 0;
        for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
            if (!table.used(slot) || !box.holds(table.at(slot).spot)) continue;
            const auto place = protocol::degrees_of(table.at(slot).spot);
            const auto shown = viewer.shown.find(slot);
            if (shown == viewer.shown.end()) {
                CHECK(is_expired(slot));
                continue;
            }
            ++inside;
            CHECK(is_like(shown->second.latitude, place.latitude));
            CHECK(is_like(shown->second.longitude, place.longitude));
        }
        CHECK(inside == viewer.shown.size());
    }

    World world;
    std::mt19937 random;
    int fd = world.connect();
    std::vector<std::unique_ptr<Viewer>> viewers;
    int reports = 10;
    int resumed = 0;
};

}  // namespace

TEST_CASE("map feed: in the end each sees what is so, however all of them move and read",
          "[herd][map]") {
    int resumed = 0;
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        Play play(seed);
        for (int round = 0; round < 60; ++round) {
            if (play.any(0, 9) > 0) play.report();
            for (const auto& viewer : play.viewers) {
                if (play.any(0, 3) > 0) viewer->read();
            }
            if (play.any(0, 9) == 0) play.come_again(static_cast<std::size_t>(play.any(0, 2)));
            const int longest = play.any(0, 1) > 0 ? 300 : 9000;
            play.world.run(std::chrono::milliseconds(play.any(1, longest)));
            play.world.a().check();
        }
        play.settle();
        CHECK(play.world.a().counters().records_expired > 0);
        resumed += play.resumed;
        for (std::size_t i = 0; i < Play::looking_on; ++i) {
            INFO("viewer " << i);
            play.check(i);
        }
    }
    CHECK(resumed > 5);
}

TEST_CASE("map feed: who comes and goes while a first picture is told is not in it",
          "[herd][map]") {
    World world(with_map());
    const int fd = world.connect();
    world.say(fd, "IAMAT c -50+50 1000\n");
    world.run(100ms);
    const int page = world.connect(http_port);
    const auto say = [&](int to, const std::string& text) {
        world.kernel.enter(visitors);
        REQUIRE(*world.kernel.send(to, text) == text.size());
    };
    const auto iterate = [&] {
        world.kernel.advance_to(world.kernel.now_ns() + 2000);
        world.kernel.enter(0);
        world.servers[0]->loop.run_once();
    };
    say(fd, "IAMAT c -10+10 1001\n");
    say(page, "GET /map/events?box=-20,0,0,20 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    iterate();
    REQUIRE(world.a().operations().viewers() == 1);
    say(fd, "IAMAT c -50+50 1002\n");
    iterate();
    CHECK(world.a().counters().iamat == 3);
    Reader viewer;
    for (int i = 0; i < 200; ++i) {
        world.run(5ms);
        viewer.take(world.hear(page));
        static_cast<void>(world.hear(fd));
    }
    CHECK(viewer.whole);
    CHECK(viewer.shown.empty());
    world.a().check();
}

}  // namespace map_truth_test
