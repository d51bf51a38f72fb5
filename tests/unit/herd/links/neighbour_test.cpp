#include "herd/links/neighbour.hpp"

#include "herd/config/config.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <set>

namespace neighbour_test {

namespace {

using herd::links::Neighbour;

struct House {
    Neighbour first{0, "B", 1};
    Neighbour last{herd::config::servers_max - 1, "C", 1};
};

}  // namespace

TEST_CASE("neighbour: one run of a neighbour is one incarnation, however often it comes",
          "[herd][peer]") {
    House house;
    const std::uint32_t run = house.first.incarnation(7);
    CHECK(house.first.incarnation(7) == run);
    CHECK(house.first.incarnation(7) == run);
}

TEST_CASE("neighbour: no incarnation is nobody, also of the first neighbour and of epoch 0",
          "[herd][peer]") {
    House house;
    CHECK(house.first.incarnation(0) != 0);
    CHECK(house.first.incarnation(0) == house.first.incarnation(0));
    CHECK(house.last.incarnation(0) != 0);
}

TEST_CASE("neighbour: each other run is another incarnation, also one that was there before",
          "[herd][peer]") {
    House house;
    std::set<std::uint32_t> seen;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        // Two processes of one name, by turns.
        CHECK(seen.insert(house.first.incarnation(7 + i % 2)).second);
        CHECK(seen.insert(house.last.incarnation(7 + i % 2)).second);
    }
}

TEST_CASE("neighbour: an incarnation tells which neighbour it is of", "[herd][peer]") {
    constexpr std::uint32_t index_mask = (1U << Neighbour::index_bits) - 1;
    static_assert(herd::config::servers_max <= index_mask + 1);
    House house;
    for (const std::uint64_t epoch : {1U, 2U, 3U}) {
        CHECK((house.first.incarnation(epoch) & index_mask) == 0);
        CHECK((house.last.incarnation(epoch) & index_mask) == herd::config::servers_max - 1);
    }
}

TEST_CASE("neighbour: a neighbour of whom nothing was heard is granted nothing", "[herd][peer]") {
    House house;
    CHECK(house.first.name() == "B");
    CHECK(house.first.received.seq == 0);
}

}  // namespace neighbour_test
