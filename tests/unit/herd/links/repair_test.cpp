#include "herd/links/repair.hpp"

#include "protocol/peer_message.hpp"
#include "tests/unit/herd/links/dialler_house.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <variant>

namespace repair_test {

using namespace herd::small_world;

namespace {

std::string_view line_of(herd::Server& server, std::string_view client) {
    const herd::table::Record* const record = server.table().find(client);
    REQUIRE(record != nullptr);
    return server.table().line(*record);
}

void corrupt(herd::Server& server, const std::string& line) {
    const auto message = protocol::parse_peer_message(line);
    REQUIRE(message);
    REQUIRE(server.spoiler().spoil(std::get<protocol::AtLine>(*message)));
}

// Two servers that know the same fifty clients.
class Equal : public World {
public:
    Equal() : World(herd_of_two(), 2) {
        const int client = connect();
        for (int i = 0; i < 50; ++i) {
            say(client, "IAMAT c" + std::to_string(i) + " +34.0-118.0 1600000000\n");
        }
        run(1s);
        REQUIRE(b().table().size() == 50);
        REQUIRE(equal());
    }
    bool equal() { return a().table().digest().root() == b().table().digest().root(); }
    std::uint64_t found() {
        return a().counters().buckets_divergent + b().counters().buckets_divergent;
    }
};

}  // namespace

TEST_CASE("repair: a record that is older at one server is found and mended within a minute",
          "[herd][repair]") {
    Equal world;
    corrupt(world.b(), "AT A +1.000000000 c7 +1.0+1.0 1500000000");
    CHECK_FALSE(world.equal());
    world.run(45s);
    CHECK(world.equal());
    CHECK(world.found() > 0);
    CHECK(line_of(world.b(), "c7") == line_of(world.a(), "c7"));
    CHECK(line_of(world.b(), "c7").ends_with("1600000000"));
}

TEST_CASE("repair: a record that is newer at one server reaches the other", "[herd][repair]") {
    Equal world;
    corrupt(world.b(), "AT B +1.000000000 c7 +1.0+1.0 1700000000");
    world.run(45s);
    CHECK(world.equal());
    CHECK(line_of(world.a(), "c7").ends_with("1700000000"));
}

TEST_CASE("repair: under load, a difference is found and traffic is not taken for one",
          "[herd][repair]") {
    Equal world;
    const int client = world.connect();
    corrupt(world.b(), "AT A +1.000000000 c7 +1.0+1.0 1500000000");
    const auto load = [&](int seconds) {
        for (int i = 0; i < seconds * 10; ++i) {
            static int stamp = 1'600'000'001;
            world.say(client,
                      "IAMAT c" + std::to_string(10 + i % 40) + " +34.0-118.0 " +
                          std::to_string(++stamp) + "\n");
            world.run(100ms);
        }
    };
    load(45);
    CHECK(line_of(world.b(), "c7") == line_of(world.a(), "c7"));
    // Both ends may have found the one bucket.
    const std::uint64_t found = world.found();
    CHECK(found >= 1);
    CHECK(found <= 2);
    load(60);
    CHECK(world.found() == found);
}

TEST_CASE("repair: equal tables are never found different", "[herd][repair]") {
    Equal world;
    world.run(120s);
    CHECK(world.found() == 0);
}

TEST_CASE("repair: what the digest cannot see, the slow refresh mends", "[herd][repair]") {
    Equal world;
    // The other's table is told of no difference: one bucket's worth of it is on both sides.
    corrupt(world.b(), "AT A +1.000000000 c7 +1.0+1.0 1500000000");
    // Each of the 50 records is said again within ten minutes, found or not.
    const std::uint64_t before = world.a().counters().duplicates;
    world.run(600s);
    CHECK(world.equal());
    CHECK(world.a().counters().duplicates >= before + 50);
}

namespace {

// Has 50 records, and says until it is believed that all of the other's table differs.
void lie(dialler::House& house, dialler::Dialler& liar) {
    liar.greet();
    for (int i = 0; i < 50; ++i) liar.say("AT B +0.5 c" + std::to_string(i) + " +1-1 5\n");
    for (int round = 0; round < 3; ++round) {
        for (int first = 0; first < 4096; first += 8) {
            liar.say("DIG " + std::to_string(first) + " 1 1 1 1 1 1 1 1\n");
            if (first % 512 == 0) house.run(1ms);
        }
        for (int second = 0; second < 5 && round < 2; ++second) {
            liar.ask("PING 1\n");
            house.run(1s);
        }
    }
}

}  // namespace

TEST_CASE("repair: whoever says that all differs has all sent again at a bounded rate",
          "[herd][repair]") {
    dialler::House house({.clients = 200, .long_records = 1, .line_max = 300, .repairs_per_s = 5});
    dialler::Dialler liar(house);
    lie(house, liar);
    house.run(100ms);
    const auto& counters = house.server.counters();
    CHECK(counters.buckets_divergent == 0);  // until the next tick
    CHECK(counters.records_repaired >= 5);
    CHECK(counters.records_repaired <= 6);
    CHECK(counters.repairs_waited > 0);
    house.run(2s);
    CHECK(counters.records_repaired <= 16);
    house.run(10s);
    CHECK(counters.records_repaired == 50);
}

TEST_CASE("repair: the rate is what the limit is now", "[herd][repair]") {
    dialler::House house({.clients = 200, .long_records = 1, .line_max = 300, .repairs_per_s = 1});
    dialler::Dialler liar(house);
    lie(house, liar);
    house.run(1500ms);
    const auto& counters = house.server.counters();
    REQUIRE(counters.records_repaired <= 3);
    house.config.limits.repairs_per_s = 40;
    house.run(2s);
    CHECK(counters.records_repaired == 50);
}

}  // namespace repair_test
