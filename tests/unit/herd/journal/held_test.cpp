#include "herd/journal/held.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>

namespace held_test {

using namespace std::chrono_literals;
using herd::journal::Held;
using reactor::Instant;

TEST_CASE("held: the oldest answer that waits is never younger than it says", "[herd][journal]") {
    Held held;
    CHECK(held.empty());
    const auto at = [](auto time) { return Instant(time); };
    held.add(1, at(10s), 8s);
    held.add(2, at(10'500ms), 8s);
    held.add(3, at(11s), 8s);
    held.add(3, at(12s), 8s);
    CHECK(held.since() == at(10s));
    // Of those within an eighth of the limit all must go.
    held.release(1);
    CHECK(held.since() == at(10s));
    held.release(2);
    CHECK(held.since() == at(11s));
    held.release(3);
    CHECK(held.empty());
}

TEST_CASE("held: any number of answers may wait for any time", "[herd][journal]") {
    Held held;
    for (std::uint64_t mark = 1; mark <= 1'000; ++mark) {
        held.add(mark, Instant(std::chrono::seconds(mark)), 8s);
        CHECK(held.since() == Instant(1s));
    }
    held.release(5);
    CHECK(held.since() == Instant(6s));
    held.release(999);
    CHECK_FALSE(held.empty());
    held.release(1'000);
    CHECK(held.empty());
    held.add(1'001, Instant(2'000s), 8s);
    CHECK(held.since() == Instant(2'000s));
}

TEST_CASE("held: with another limit nothing is taken for younger than it is", "[herd][journal]") {
    Held held;
    held.add(1, Instant(10s), 8s);
    held.add(2, Instant(10'900ms), 800ms);
    held.add(3, Instant(11'500ms), 80s);
    held.release(1);
    CHECK(held.since() == Instant(10'900ms));
    held.release(2);
    CHECK(held.since() == Instant(10'900ms));
    held.release(3);
    CHECK(held.empty());
}

}  // namespace held_test
