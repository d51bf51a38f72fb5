#include "herd/table/expiry.hpp"

#include "tests/unit/herd/links/legacy_house.hpp"
#include "tests/unit/herd/small_world.hpp"

namespace expiry_test {

namespace {

using namespace herd::small_world;

// The wall clocks of the fake kernel begin here, a second before a test.
constexpr std::int64_t begin = 1'767'225'601;

herd::config::Config mortal(std::int64_t ttl_s = 60) {
    herd::config::Config config = herd_of_two();
    config.ttl_s = ttl_s;
    return config;
}

std::string iamat(const std::string& client, std::int64_t second) {
    return "IAMAT " + client + " +1-1 " + std::to_string(second) + "\n";
}

std::string ask(World& world, const std::string& line, std::uint16_t port = 1000) {
    const int fd = world.connect(port);
    world.say(fd, line);
    const std::string heard = world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
    return heard;
}

bool known(World& world, const std::string& client, std::uint16_t port = 1000) {
    return ask(world, "WHATSAT " + client + " 1 0\n", port).starts_with("AT ");
}

}  // namespace

TEST_CASE("expiry: a report counts until its time is over, to the nanosecond", "[herd][expiry]") {
    CHECK(herd::table::rules::expired(100, 160, 60));
    CHECK_FALSE(herd::table::rules::expired(101, 160, 60));
    CHECK_FALSE(herd::table::rules::expired(100, 159, 60));
    CHECK_FALSE(herd::table::rules::expired(100, INT64_MAX, 0));
    CHECK(herd::table::rules::expired(INT64_MIN, 0, 1));
    CHECK_FALSE(herd::table::rules::expired(INT64_MAX, 0, INT64_MAX));
}

TEST_CASE("expiry: what is over is not answered with, on any server, and then forgotten",
          "[herd][expiry]") {
    World world(mortal(), 2);
    CHECK(ask(world, iamat("k", begin)).starts_with("AT A "));
    CHECK(ask(world, iamat("ahead", begin + 30)).starts_with("AT A "));
    world.run(50s);
    CHECK(known(world, "k"));
    CHECK(known(world, "k", 1001));
    world.run(10s);
    CHECK_FALSE(known(world, "k"));
    CHECK_FALSE(known(world, "k", 1001));
    CHECK(known(world, "ahead", 1001));
    world.run(herd::table::Expiry::round + 1s);
    for (const auto& each : world.servers) {
        CHECK(each->server.table().size() == 1);
        CHECK(each->server.counters().records_expired == 1);
        CHECK(each->server.counters().buckets_divergent == 0);
    }
}

TEST_CASE("expiry: a report that comes too late is refused", "[herd][expiry]") {
    World world(mortal(), 2);
    world.run(100s);
    CHECK(ask(world, iamat("k", begin + 30)) == "? " + iamat("k", begin + 30));
    CHECK(ask(world, iamat("k", begin + 50)).starts_with("AT A "));
    // An older one is, too, though its client is known.
    CHECK(ask(world, iamat("k", begin + 20)) == "? " + iamat("k", begin + 20));
    CHECK(world.a().counters().expired_stamps == 2);
    CHECK(known(world, "k", 1001));
}

TEST_CASE("expiry: a stamp far ahead does not live for ever", "[herd][expiry]") {
    World world(mortal(), 2);
    CHECK(ask(world, iamat("far", 9'223'372'036)).starts_with("AT A "));
    world.run(110s);
    CHECK(known(world, "far", 1001));
    world.run(15s);
    CHECK_FALSE(known(world, "far"));
    CHECK_FALSE(known(world, "far", 1001));
}

TEST_CASE("expiry: without a ttl nothing is ever over", "[herd][expiry]") {
    World world(mortal(0), 2);
    CHECK(ask(world, iamat("k", 1)).starts_with("AT A "));
    world.run(100s);
    CHECK(known(world, "k", 1001));
}

TEST_CASE("expiry: nothing comes back from behind a cut", "[herd][expiry]") {
    World world(mortal(), 2);
    world.kernel.cut(0, 1, true);
    CHECK(ask(world, iamat("k", begin), 1001).starts_with("AT B "));
    // B's clock is late: it still has what is over for A.
    world.kernel.set_clock_skew(1, -15'000'000'000);
    world.run(65s);
    CHECK(known(world, "k", 1001));
    world.kernel.heal_all();
    world.run(7s);
    CHECK_FALSE(known(world, "k"));
    CHECK(world.a().counters().expired_stamps > 0);
    CHECK(world.a().table().size() == 0);
    world.run(40s);
    CHECK_FALSE(known(world, "k", 1001));
    CHECK(world.b().table().size() == 0);
}

TEST_CASE("expiry: a full table has room again", "[herd][expiry]") {
    World world(mortal(), 2);
    for (int i = 0; i < 100; ++i) {
        CHECK(ask(world, iamat("c" + std::to_string(i), begin + i % 2)).starts_with("AT A "));
    }
    CHECK(ask(world, iamat("new", begin + 10)).starts_with("? "));
    world.run(60s + herd::table::Expiry::round);
    CHECK(world.a().table().size() == 0);
    for (int i = 0; i < 100; ++i) {
        CHECK(ask(world, iamat("d" + std::to_string(i), begin + 80)).starts_with("AT A "));
    }
    CHECK(world.a().table().slots() == 100);
    world.run(1s);
    CHECK(world.b().table().size() == 100);
    CHECK(world.a().table().digest().root() == world.b().table().digest().root());
}

TEST_CASE("expiry: a client that reports again lives on", "[herd][expiry]") {
    World world(mortal(), 2);
    for (std::int64_t i = 0; i < 20; ++i) {
        CHECK(ask(world, iamat("k", begin + i * 30)).starts_with("AT A "));
        world.run(30s);
        CHECK(known(world, "k", 1001));
    }
    CHECK(world.a().counters().records_expired == 0);
}

TEST_CASE("expiry: what an old server has not acknowledged and is over is not said to it",
          "[herd][expiry][legacy]") {
    legacy::House house(
        {.clients = 100, .long_records = 1, .line_max = 300}, reactor::Address::loopback(1001), 60);
    house.listen();
    const int held = house.accept(1s);
    house.report("k", static_cast<int>(begin));
    CHECK(house.hear(held).ends_with(" k +1-1 " + std::to_string(begin) + " A$"));
    // It does not end; meanwhile the next one goes the same way.
    house.close_listener();
    house.run(100s);
    CHECK(house.server.table().size() == 0);
    house.listen();
    const int next = house.accept(10s);
    CHECK(house.hear(next, 1s).empty());
}

}  // namespace expiry_test
