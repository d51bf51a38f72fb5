// What of phones is bounded by configuration, and what they are told then.
#include "herd/watch/status.hpp"
#include "tests/sim/random.hpp"
#include "tests/unit/herd/phones/phone_world.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace phone_limits_test {

using namespace herd;
using namespace herd::phone_world;

namespace {

config::Config with_share(std::uint32_t share) {
    config::Config config = with_phones();
    config.limits.phone_connections = 8;
    config.limits.phone_connections_per_address = share;
    return config;
}

bool answers(World& world, int fd, const std::string& id) {
    world.hear(fd);
    world.say(fd, phone_get("/?id=" + id + "&" + query));
    const std::string heard = world.hear(fd);
    return heard.size() > 12 && code_of(heard) == "200";
}

// The same by an address elsewhere; its descriptor may be closed by then.
int connect_from(World& world, std::uint8_t last) {
    return world.connect_from(last, phone_port);
}

}  // namespace

TEST_CASE("phones: with max_accuracy_m what is vaguer is ignored, in each app's own words",
          "[herd][phones]") {
    config::Config config = with_phones();
    config.max_accuracy_m = 500;
    World world(config);
    CHECK(told(world, phone_get("/?id=a&" + query + "&accuracy=501")) == "200 ");
    CHECK(told(world, phone_get("/?id=a&" + query + "&accuracy=1e9")) == "200 ");
    CHECK(told(world, phone_get("/?id=a&" + query + "&accuracy=99999999999999999999999")) ==
          "200 ");
    CHECK(told(world,
               json("/pub",
                    R"({"_type":"location","lat":1,"lon":2,"tst":1767225000,"tid":"a",)"
                    R"("acc":1500.5})")) == "200 []");
    CHECK(told(world,
               json("/api",
                    R"({"locations":[{"geometry":{"coordinates":[1,2]},"properties":)"
                    R"({"device_id":"a","timestamp":"2025-12-31T23:50:00Z",)"
                    R"("horizontal_accuracy":2000}}]})")) == R"(200 {"result":"ok"})");
    CHECK(told(world,
               json("/",
                    R"({"location":{"timestamp":"2025-12-31T23:50:00.000Z","coords":)"
                    R"({"latitude":1,"longitude":2,"accuracy":700}},"device_id":"a"})")) == "200 ");
    CHECK(world.a().table().size() == 0);
    CHECK(world.a().counters().phone_vague == 6);
    CHECK(world.a().counters().phone_points == 0);
    // As good as that, and what says nothing that is known of every app to mean something.
    for (const char* accuracy : {"500", "500.9", "0", "0.0", "-1", "", "x", "NaN"}) {
        const std::string id = std::string("b") + accuracy;
        CHECK(told(world, phone_get("/?id=" + id + "&" + query + "&accuracy=" + accuracy)) ==
              "200 ");
        CHECK(where(world.a(), id) == place);
    }
    CHECK(told(world, phone_get("/?id=c&" + query)) == "200 ");
    CHECK(where(world.a(), "c") == place);
    CHECK(world.a().counters().phone_vague == 6);
}

TEST_CASE("phones: one address has its share of the connections, and others theirs",
          "[herd][phones]") {
    World world(with_share(3));
    std::vector<int> crowd;
    for (int i = 0; i < 3; ++i) crowd.push_back(connect_from(world, 7));
    for (const int fd : crowd) CHECK(answers(world, fd, "a"));
    world.run(3s);
    // Who has been idle for longest goes; it is one of the same address.
    const int other = connect_from(world, 8);
    CHECK(answers(world, other, "o"));
    CHECK(answers(world, crowd[0], "a"));
    const int fourth = connect_from(world, 7);
    CHECK(answers(world, fourth, "a"));
    CHECK(world.hear(crowd[1]) == "$");
    CHECK(answers(world, crowd[0], "a"));
    CHECK(answers(world, crowd[2], "a"));
    CHECK(answers(world, other, "o"));
    watch::Status status;
    world.a().phones().describe(status);
    CHECK(status.counters.phone_crowds == 1);
    CHECK(world.a().phones().size() == 4);
    world.a().check();
}

TEST_CASE("phones: with all of an address busy its newcomer is closed", "[herd][phones]") {
    World world(with_share(2));
    const std::string half = "POST /pub HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{";
    const int one = connect_from(world, 7);
    const int two = connect_from(world, 7);
    CHECK(answers(world, one, "a"));
    CHECK(answers(world, two, "a"));
    // Just answered: that is busy, for two seconds.
    const int three = connect_from(world, 7);
    CHECK(world.hear(three) == "$");
    CHECK(answers(world, one, "a"));
    CHECK(world.a().phones().size() == 2);
    // Elsewhere there is room.
    const int other = connect_from(world, 9);
    CHECK(answers(world, other, "o"));
    // And where somebody has left.
    world.kernel.enter(visitors);
    world.kernel.close(two);
    world.run(10ms);
    const int again = connect_from(world, 7);
    CHECK(answers(world, again, "a"));
    // Half a request is not busy: it is asking.
    world.say(again, half);
    const int fifth = connect_from(world, 7);
    CHECK(answers(world, fifth, "a"));
    CHECK(world.hear(again) == "$");
    world.a().check();
}

TEST_CASE("phones: this very host has no share, as a proxy may be here", "[herd][phones]") {
    World world(with_share(1));
    std::vector<int> all;
    for (int i = 0; i < 6; ++i) all.push_back(world.connect(phone_port));
    for (const int fd : all) CHECK(answers(world, fd, "a"));
    CHECK(world.a().phones().size() == 6);
}

TEST_CASE("phones: come and go as they may, no address has more than its share", "[herd][phones]") {
    World world(with_share(3));
    sim::Random random(7);
    std::vector<int> open;
    for (int i = 0; i < 400; ++i) {
        if (!open.empty() && random.chance(40)) {
            const auto at = static_cast<std::ptrdiff_t>(random.below(open.size()));
            world.kernel.enter(visitors);
            world.kernel.close(open[static_cast<std::size_t>(at)]);
            open.erase(open.begin() + at);
        } else {
            open.push_back(connect_from(world, static_cast<std::uint8_t>(7 + random.below(2))));
        }
        world.run(i % 50 == 0 ? 3s : 1ms);
        REQUIRE(world.a().phones().size() <= 6);
        world.a().check();
    }
}

TEST_CASE("phones: who speaks TLS to the plain port is counted and closed", "[herd][phones]") {
    World world(with_phones());
    const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    for (int i = 0; i < 3; ++i) {
        const int fd = world.connect(phone_port);
        world.say(fd, hello);
        CHECK(world.hear(fd).starts_with("HTTP/1.1 400 "));
    }
    const int fd = world.connect(phone_port);
    world.say(fd, "\x80nonsense");
    CHECK(world.hear(fd).starts_with("HTTP/1.1 400 "));
    watch::Status status;
    world.a().phones().describe(status);
    CHECK(status.counters.phone_tls_plain == 3);
    CHECK(status.counters.http_refused == 4);
}

}  // namespace phone_limits_test
