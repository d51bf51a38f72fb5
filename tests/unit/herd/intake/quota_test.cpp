#include "herd/intake/quota.hpp"

#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

namespace quota_test {

namespace {

using namespace herd::small_world;
using herd::intake::Quota;

reactor::Address address(const std::string& text, std::uint16_t port = 5) {
    return *reactor::Address::parse(text, port);
}

// One server with eight slots, of which the last two are reserved, and a client's connection to it.
struct House {
    explicit House(const char* from) : world(small(), 1) {
        world.kernel.dials_from = address(from, 0);
        fd = world.connect(1000);
    }
    static herd::config::Config small() {
        herd::config::Config config = herd_of_two();
        config.limits.clients = 8;
        config.limits.new_clients_per_s = 1;
        return config;
    }
    bool takes(const std::string& client, int stamp = 1) {
        world.say(fd, "IAMAT " + client + " +1-1 " + std::to_string(stamp) + "\n");
        return world.hear(fd).starts_with("AT ");
    }
    const herd::watch::Counters& counters() { return world.a().counters(); }

    World world;
    int fd = -1;
};

}  // namespace

TEST_CASE("newcomers: an address may bring so many in a second, whatever its port", "[herd]") {
    sim::FakeKernel kernel{1};
    const std::uint32_t per_second = 3;
    Quota newcomers(per_second);
    for (const std::uint32_t second : {0U, 1U, 7U}) {
        for (std::uint16_t port = 1; port <= 3; ++port) {
            CHECK(newcomers.admits(address("192.0.2.1", port), second));
        }
        CHECK_FALSE(newcomers.admits(address("192.0.2.1", 4), second));
    }
}

TEST_CASE("newcomers: addresses do not take from each other", "[herd]") {
    sim::FakeKernel kernel{1};
    const std::uint32_t per_second = 1;
    Quota newcomers(per_second);
    int admitted = 0;
    for (int i = 0; i < 200; ++i) {
        admitted += newcomers.admits(address("192.0.2." + std::to_string(i)), 1);
    }
    // Some share a place.
    CHECK(admitted > 150);
    admitted = 0;
    for (int i = 0; i < 200; ++i) {
        admitted += newcomers.admits(address("192.0.2." + std::to_string(i)), 1);
    }
    CHECK(admitted == 0);
}

TEST_CASE("newcomers: a subscriber's IPv6 addresses count as one", "[herd]") {
    sim::FakeKernel kernel{1};
    const std::uint32_t per_second = 1;
    Quota newcomers(per_second);
    CHECK(newcomers.admits(address("2001:db8:1:1::1"), 1));
    CHECK_FALSE(newcomers.admits(address("2001:db8:1:1:ffff::2"), 1));
    CHECK(newcomers.admits(address("2001:db8:1:2::1"), 1));
}

TEST_CASE("newcomers: this host may bring any number", "[herd]") {
    sim::FakeKernel kernel{1};
    const std::uint32_t per_second = 1;
    Quota newcomers(per_second);
    for (int i = 0; i < 100; ++i) {
        CHECK(newcomers.admits(address("127.0.0.1"), 1));
        CHECK(newcomers.admits(address("127.1.2.3"), 1));
        CHECK(newcomers.admits(address("::1"), 1));
    }
}

TEST_CASE("newcomers: of the last slots an address may have a few in a second", "[herd]") {
    House house("192.0.2.1");
    for (const auto* client : {"a", "b", "c", "d", "e", "f"}) CHECK(house.takes(client));
    CHECK(house.takes("g"));
    CHECK_FALSE(house.takes("h"));
    CHECK(house.counters().newcomers_refused == 1);
    CHECK(house.counters().table_full == 0);
    // Who is known goes on, and a second later another may come.
    CHECK(house.takes("a", 2));
    house.world.run(1s);
    CHECK(house.takes("h"));
    house.world.run(1s);
    CHECK_FALSE(house.takes("i"));
    CHECK(house.counters().table_full == 1);
    CHECK(house.counters().newcomers_refused == 1);
}

TEST_CASE("newcomers: what is on the server's host may fill the table", "[herd]") {
    House house("127.0.0.1");
    for (const auto* client : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
        CHECK(house.takes(client));
    }
    CHECK_FALSE(house.takes("i"));
    CHECK(house.counters().newcomers_refused == 0);
    CHECK(house.counters().table_full == 1);
}

}  // namespace quota_test
