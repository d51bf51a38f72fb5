#include "herd/links/comparison.hpp"

#include "herd/links/lag.hpp"

#include <catch2/catch.hpp>

#include <memory>

namespace comparison_test {

using herd::links::Comparison;
using herd::links::Lag;
using reactor::Instant;
using std::chrono::milliseconds;

namespace {

// In how many rounds of one and the same difference the bucket is found divergent.
int rounds_until_found(Comparison& comparison, int rounds_max = 1000) {
    for (int round = 1; round <= rounds_max; ++round) {
        if (comparison.diverges(5, 1, 3)) return round;
    }
    return 0;
}

}  // namespace

TEST_CASE("comparison: the same difference in three rounds is a divergence", "[herd][comparison]") {
    const auto comparison = std::make_unique<Comparison>();
    CHECK_FALSE(comparison->diverges(5, 1, 3));
    CHECK_FALSE(comparison->diverges(5, 8, 10));
    CHECK(comparison->diverges(5, 1, 3));
}

TEST_CASE("comparison: a difference that changes is traffic, not divergence",
          "[herd][comparison]") {
    const auto comparison = std::make_unique<Comparison>();
    for (std::uint64_t round = 1; round < 100; ++round) {
        CHECK_FALSE(comparison->diverges(5, round / 2, 1000));
    }
}

TEST_CASE("comparison: agreement in between begins anew", "[herd][comparison]") {
    const auto comparison = std::make_unique<Comparison>();
    comparison->diverges(5, 1, 3);
    comparison->diverges(5, 1, 3);
    CHECK_FALSE(comparison->diverges(5, 3, 3));
    CHECK(rounds_until_found(*comparison) == 3);
}

TEST_CASE("comparison: what no repair mends is found again later and later, up to a limit",
          "[herd][comparison]") {
    const auto comparison = std::make_unique<Comparison>();
    for (const int expected : {3, 6, 12, 24, 48, 96, 192, 192}) {
        CHECK(rounds_until_found(*comparison) == expected);
    }
    comparison->diverges(5, 3, 3);
    CHECK(rounds_until_found(*comparison) == 3);
}

TEST_CASE("lag: what is acknowledged was there when its mark was said", "[herd][lag]") {
    const Instant start{milliseconds(1000)};
    Lag lag;
    lag.reset(10, start);
    CHECK(lag.time(10, start + milliseconds(500)) == milliseconds(0));
    lag.marked(20, start + milliseconds(100));
    lag.marked(30, start + milliseconds(200));
    CHECK(lag.records(35) == 25);
    CHECK(lag.time(35, start + milliseconds(300)) == milliseconds(300));
    lag.acknowledged(20);
    CHECK(lag.records(35) == 15);
    CHECK(lag.time(35, start + milliseconds(300)) == milliseconds(200));
    lag.acknowledged(30);
    CHECK(lag.time(35, start + milliseconds(300)) == milliseconds(100));
    CHECK(lag.time(30, start + milliseconds(300)) == milliseconds(0));
}

TEST_CASE("lag: more marks than it keeps make it coarser, not wrong", "[herd][lag]") {
    const Instant start{};
    Lag lag;
    lag.reset(0, start);
    for (int i = 1; i <= 100; ++i) {
        lag.marked(static_cast<std::uint64_t>(i), start + milliseconds(i));
    }
    lag.acknowledged(99);
    CHECK(lag.acknowledged() == 99);
    CHECK(lag.time(100, start + milliseconds(100)) >= milliseconds(1));
    lag.marked(101, start + milliseconds(101));
    lag.acknowledged(101);
    CHECK(lag.time(102, start + milliseconds(110)) == milliseconds(9));
}

}  // namespace comparison_test
