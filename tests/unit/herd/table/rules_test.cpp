#include "herd/table/rules.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace rules_test {

namespace {

using herd::table::Version;
using namespace herd::table::rules;

// Every combination of a few values: many are equal in all but one field.
std::vector<Version> versions() {
    std::vector<Version> all;
    for (const std::int64_t time : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
        for (const auto* location : {"+1-1", "+1-10", "-1+1"}) {
            for (const auto* server : {"A", "AB"}) {
                for (const auto* skew : {"+0.000000000", "-0.000000001"}) {
                    for (const auto* text : {"1.5", "1.50", "0900"}) {
                        all.push_back({time, location, server, skew, text});
                    }
                }
            }
        }
    }
    return all;
}

}  // namespace

TEST_CASE("rules: of two versions that differ, exactly one is newer", "[herd][rules]") {
    const auto all = versions();
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK_FALSE(newer(all[i], all[i]));
        for (std::size_t j = 0; j < i; ++j) REQUIRE(newer(all[i], all[j]) != newer(all[j], all[i]));
    }
}

TEST_CASE("rules: newer than a newer one is newer", "[herd][rules]") {
    const auto all = versions();
    for (const Version& a : all) {
        for (const Version& b : all) {
            if (!newer(a, b)) continue;
            for (const Version& c : all) {
                if (newer(b, c)) REQUIRE(newer(a, c));
            }
        }
    }
}

TEST_CASE(
    "rules: versions go by effective time, stamp, location, server, skew and the stamp's text",
    "[herd][rules]") {
    const Version base{5, "+5-5", "M", "+5.000000000", "0.000000005"};
    Version better = base;
    better.time_text = "00.000000005";
    CHECK(newer(better, base));
    better = {5, "+5-5", "M", "+6.000000000", "0.000000005"};
    CHECK(newer(better, base));
    better = {5, "+5-5", "N", "+0.000000000", "0.000000005"};
    CHECK(newer(better, base));
    better = {5, "+6-5", "A", "+0.000000000", "0.000000005"};
    CHECK(newer(better, base));
    better = {5, "+0-0", "A", "+0.000000000", "0.000000006"};
    CHECK(newer(better, base));
    better = {6, "+0-0", "A", "+0.000000000", "0"};
    CHECK(newer(better, base));
}

TEST_CASE("rules: reports go by effective time, stamp and location, and then are the same",
          "[herd][rules]") {
    const Version base{5, "+5-5", "M", "+5.000000000", "0.000000005"};
    CHECK_FALSE(newer_report({5, "+5-5", "Z", "+9.000000000", "00.000000005"}, base));
    CHECK_FALSE(newer_report({5, "+4-5", "Z", "+9.000000000", "0.000000005"}, base));
    CHECK(newer_report({5, "+6-5", "A", "+0.000000000", "0.000000005"}, base));
    CHECK(newer_report({5, "+4-5", "A", "+0.000000000", "0.000000006"}, base));
    CHECK_FALSE(newer_report({5, "+6-5", "A", "+0.000000000", "0.000000004"}, base));
    CHECK(newer_report({6, "+4-5", "A", "+0.000000000", "0"}, base));
}

TEST_CASE("rules: a stamp counts, unless it is ahead by more than the slack", "[herd][rules]") {
    constexpr std::int64_t now = 1'700'000'000'000'000'000;
    const auto received = [&](std::int64_t stamp_ns) {
        return effective(stamp_ns, now - stamp_ns);
    };
    CHECK(received(now) == now);
    CHECK(received(0) == 0);
    CHECK(received(now - 1) == now - 1);
    CHECK(received(now + slack_ns) == now + slack_ns);
    CHECK(received(now + slack_ns + 1) == now + slack_ns);
    CHECK(received(INT64_MAX) == now + slack_ns);
    // As far as a stamp may lie back, and a skew from zero.
    CHECK(effective(INT64_MIN, INT64_MAX) == INT64_MIN);
    CHECK(effective(INT64_MAX, INT64_MAX) == INT64_MAX);
    // A receipt before all time is nobody's, and still has its place.
    CHECK(effective(INT64_MIN, INT64_MIN) == INT64_MIN);
    CHECK(effective(0, INT64_MIN) == INT64_MIN + slack_ns);
}

TEST_CASE("rules: bytes above 127 sort behind all others, on every machine", "[herd][rules]") {
    CHECK(newer({1, "+1-1", "\xff", "+0", "1"}, {1, "+1-1", "z", "+0", "1"}));
}

TEST_CASE("rules: a position is granted to the run that it was reached in, and to no other",
          "[herd][rules]") {
    const Position reached{.epoch = 7, .seq = 10, .sweep_target = 20, .sweep_slot = 3};
    const Position same = granted(reached, 7, 20);
    CHECK(same.epoch == 7);
    CHECK(same.seq == 10);
    CHECK(same.sweep_target == 20);
    CHECK(same.sweep_slot == 3);
    const Position other = granted(reached, 8, 20);
    CHECK(other.epoch == 8);
    CHECK(other.seq == 0);
    CHECK(other.sweep_target == 0);
    CHECK(other.sweep_slot == 0);
}

TEST_CASE("rules: a position beyond the feed that it is of is granted to nobody", "[herd][rules]") {
    CHECK(granted({.epoch = 7, .seq = 10}, 7, 10).seq == 10);
    CHECK(granted({.epoch = 7, .seq = 10}, 7, 9).seq == 0);
    CHECK(granted({.epoch = 7, .seq = 10}, 7, 9).epoch == 7);
    const Position in_sweep{.epoch = 7, .seq = 10, .sweep_target = 20, .sweep_slot = 3};
    CHECK(granted(in_sweep, 7, 19).seq == 0);
    CHECK(granted(in_sweep, 7, 19).sweep_target == 0);
}

TEST_CASE("rules: who does not show the cookie is nobody", "[herd][rules]") {
    CHECK(proven(5, 5));
    CHECK_FALSE(proven(4, 5));
    CHECK_FALSE(proven(0, 5));
}

TEST_CASE("rules: a sender goes on at what the receiver says now and had acknowledged before",
          "[herd][rules]") {
    const Position ten{.epoch = 7, .seq = 10};
    const Position twelve{.epoch = 7, .seq = 12};
    CHECK(resumed(ten, 7, {15, twelve, true}).seq == 10);
    CHECK(resumed(twelve, 7, {15, ten, true}).seq == 10);
    CHECK(resumed(ten, 7, {15, ten, true}).seq == 10);
    CHECK(resumed(ten, 7, {15, ten, false}).seq == 0);
    CHECK(resumed(ten, 8, {15, ten, true}).seq == 0);
}

TEST_CASE("rules: of a sweep counts what both have said of the same one", "[herd][rules]") {
    struct {
        Position claimed, acknowledged;
        std::uint64_t seq, target;
        std::uint32_t slot;
    } const cases[] = {
        {{7, 10, 20, 3}, {7, 10, 20, 3}, 10, 20, 3},
        {{7, 10, 20, 5}, {7, 10, 20, 3}, 10, 20, 3},
        {{7, 10, 20, 2}, {7, 10, 20, 3}, 10, 20, 2},
        {{7, 10, 20, 3}, {7, 10, 0, 0}, 10, 0, 0},
        {{7, 10, 0, 0}, {7, 10, 20, 3}, 10, 0, 0},
        {{7, 10, 30, 5}, {7, 10, 20, 3}, 10, 0, 0},
        {{7, 12, 20, 3}, {7, 10, 20, 3}, 10, 20, 3},
        // It is through with it.
        {{7, 20, 0, 0}, {7, 10, 20, 3}, 10, 20, 3},
        {{7, 25, 30, 1}, {7, 10, 20, 3}, 10, 20, 3},
        // It knows of less than it knew of.
        {{7, 9, 20, 3}, {7, 10, 20, 3}, 9, 0, 0},
    };
    for (const auto& each : cases) {
        const Position agreed = resumed(each.claimed, 7, {50, each.acknowledged, true});
        CAPTURE(each.claimed.seq, each.claimed.sweep_target, each.claimed.sweep_slot);
        CHECK(agreed.seq == each.seq);
        CHECK(agreed.sweep_target == each.target);
        CHECK(agreed.sweep_slot == each.slot);
    }
}

TEST_CASE("rules: only what came from the very run at the other end is kept back",
          "[herd][rules]") {
    CHECK(came_from({65, 65, "A", "A"}));
    CHECK(came_from({65, 65, "B", "A"}));
    CHECK_FALSE(came_from({65, 129, "A", "A"}));
    CHECK_FALSE(came_from({0, 65, "A", "A"}));
    CHECK_FALSE(came_from({0, 0, "A", "A"}));
}

TEST_CASE("rules: within a sweep no more is said to be there than before it", "[herd][rules]") {
    const Position position = swept(10, 20, 3);
    CHECK(position.seq == 10);
    CHECK(position.sweep_target == 20);
    CHECK(position.sweep_slot == 3);
}

TEST_CASE("rules: how far a stamp lies ahead is read from the line", "[herd][rules]") {
    CHECK_FALSE(too_far_ahead(-5, 100, 5));
    CHECK(too_far_ahead(-6, 100, 5));
    CHECK_FALSE(too_far_ahead(INT64_MIN, 100, 0));
    CHECK_FALSE(too_far_ahead(0, INT64_MAX, 5));
}

}  // namespace rules_test
