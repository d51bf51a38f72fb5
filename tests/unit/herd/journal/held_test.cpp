#include "herd/journal/held.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>

namespace held_test {

using namespace std::chrono_literals;
using herd::journal::Held;
using reactor::Instant;

TEST_CASE("held: the oldest answer that waits is never younger than it says", "[herd][journal]") {
    Held held(8s);
    CHECK(held.empty());
    const auto at = [](auto time) { return Instant(time); };
    held.add(1, at(10s));
    held.add(2, at(10'500ms));
    held.add(3, at(11s));
    held.add(3, at(12s));
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
    Held held(8s);
    for (std::uint64_t mark = 1; mark <= 1'000; ++mark) {
        held.add(mark, Instant(std::chrono::seconds(mark)));
        CHECK(held.since() == Instant(1s));
    }
    held.release(5);
    CHECK(held.since() == Instant(6s));
    held.release(999);
    CHECK_FALSE(held.empty());
    held.release(1'000);
    CHECK(held.empty());
    held.add(1'001, Instant(2'000s));
    CHECK(held.since() == Instant(2'000s));
}

}  // namespace held_test
