#include "herd/program/until.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

namespace until_test {

using herd::program::parse_until;
using herd::program::show_until;

namespace {

constexpr std::int64_t now = 1'800'000'000;  // 2027-01-15T08:00:00Z

}  // namespace

TEST_CASE("until: a time of UTC, a day's beginning, a while from now, or never", "[herd]") {
    CHECK(parse_until("never", now) == 0);
    CHECK(parse_until("+1s", now) == now + 1);
    CHECK(parse_until("+90m", now) == now + 5'400);
    CHECK(parse_until("+12h", now) == now + 43'200);
    CHECK(parse_until("+30d", now) == now + 2'592'000);
    CHECK(parse_until("2027-01-16", now) == now + 57'600);
    CHECK(parse_until("2027-01-15T08:00:01Z", now) == now + 1);
    CHECK(parse_until("2028-02-29", now) == 1'835'395'200);
    CHECK(parse_until("9999-12-31T23:59:59Z", now) == 253'402'300'799);
}

TEST_CASE("until: what is over, and what is no time, is nothing", "[herd]") {
    for (const auto* text : {"",
                             "0",
                             "Never",
                             "now",
                             "+",
                             "+d",
                             "+0s",
                             "+-1d",
                             "++1d",
                             "+1",
                             "+1w",
                             "+1 d",
                             "+3000000d",
                             "+99999999999d",
                             "-1d",
                             "1d",
                             "2027-01-15",
                             "2027-01-15T08:00:00Z",
                             "2027-01-15T07:59:59Z",
                             "1970-01-01",
                             "2027-02-29",
                             "2027-13-01",
                             "2027-00-10",
                             "2027-1-31",
                             "2027-01-3",
                             "2027/01/31",
                             "2027-01-31 12:00:00",
                             "2027-01-31T12:00:00",
                             "2027-01-31T12:00Z",
                             "2027-01-31T24:00:00Z",
                             "2027-01-31T12:60:00Z",
                             "2027-01-31T12:00:60Z",
                             "2027-01-31T12:00:00+01",
                             "2027-01-31T12:00:00Z ",
                             "10000-01-01"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_until(text, now));
    }
}

TEST_CASE("until: what is shown can be read again", "[herd]") {
    CHECK(show_until(0) == "never");
    CHECK(show_until(now) == "2027-01-15T08:00:00Z");
    CHECK(show_until(253'402'300'799) == "9999-12-31T23:59:59Z");
    for (const std::int64_t until : {now + 1, now + 59'999, now + 123'456'789}) {
        CHECK(parse_until(show_until(until), now) == until);
    }
}

}  // namespace until_test
