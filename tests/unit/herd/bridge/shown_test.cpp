#include "herd/bridge/shown.hpp"

#include <catch2/catch.hpp>

namespace shown_test {

using herd::bridge::Shown;

constexpr std::uint64_t one = 0x1111'2222'3333'4440;
constexpr std::uint64_t other = 0x5555'6666'7777'8880;

TEST_CASE("shown: what the bucket has shown is known until it shows something else",
          "[herd][bridge]") {
    Shown shown;
    REQUIRE(shown.map(4).has_value());
    CHECK_FALSE(shown.has(1, one));
    shown.show(1, one);
    CHECK(shown.has(1, one));
    CHECK_FALSE(shown.has(1, other));
    CHECK_FALSE(shown.has(2, one));
    CHECK(shown.keys() == 1);
    shown.show(1, other);
    CHECK(shown.has(1, other));
    CHECK(shown.keys() == 1);
    shown.contradict(1);
    CHECK_FALSE(shown.has(1, other));
    CHECK(shown.keys() == 0);
    shown.contradict(1);
    CHECK(shown.keys() == 0);
}

TEST_CASE("shown: while all is read again it counts, and then only what was shown again",
          "[herd][bridge]") {
    Shown shown;
    REQUIRE(shown.map(4).has_value());
    shown.show(0, one);
    shown.show(1, other);
    shown.begin_reading(4);
    CHECK(shown.keys() == 0);
    CHECK(shown.has(0, one));
    CHECK(shown.has(1, other));
    shown.show(1, other);
    shown.end_reading();
    CHECK_FALSE(shown.has(0, one));
    CHECK(shown.has(1, other));
    CHECK(shown.keys() == 1);
    shown.show(0, one);
    CHECK(shown.has(0, one));
    CHECK(shown.keys() == 2);
}

TEST_CASE("shown: ours that arrives in silence is a failure, and showing it ends that",
          "[herd][bridge]") {
    Shown shown;
    REQUIRE(shown.map(4).has_value());
    shown.show(2, one);
    CHECK_FALSE(shown.on_its_way(2));
    shown.say(2, other);
    CHECK(shown.on_its_way(2));
    CHECK(shown.on_its_way(2, other));
    CHECK_FALSE(shown.on_its_way(2, one));
    CHECK_FALSE(shown.has(2, other));
    CHECK(shown.counts(2));
    shown.arrive(2);
    CHECK_FALSE(shown.has(2, other));
    CHECK_FALSE(shown.on_its_way(2, other));
    CHECK(shown.counts(2));
    CHECK(shown.keys() == 1);
    CHECK(shown.is_silent(2));
    CHECK_FALSE(shown.on_its_way(2));
    CHECK(shown.fail(2) == 1);
    shown.say(2, one);
    shown.contradict(2);
    CHECK(shown.on_its_way(2, one));
    shown.arrive(2);
    CHECK(shown.keys() == 0);
    CHECK_FALSE(shown.is_silent(2));
    CHECK(shown.fail(2) == 2);
    CHECK(shown.fail(2) == 3);
    CHECK(shown.fail(2) == 3);
    shown.say(2, one);
    shown.show(2, other);
    CHECK_FALSE(shown.on_its_way(2));
    CHECK(shown.fail(2) == 1);
    CHECK(shown.has(2, other));
}

}  // namespace shown_test
