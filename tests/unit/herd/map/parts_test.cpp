// What the map's feed is made of: boxes, marks and digits.
#include "herd/follow/subscription.hpp"
#include "herd/map/box.hpp"
#include "herd/map/digits.hpp"
#include "herd/map/marks.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <set>
#include <string>

namespace map_parts_test {

using namespace herd::map;

namespace {

bool holds(const char* box, const char* place) {
    protocol::Spot spot{};
    const std::string_view text(place);
    REQUIRE(protocol::read_iso6709(text, spot) == text.size());
    const auto parsed = Box::parse(box);
    REQUIRE(parsed.has_value());
    return parsed->holds(spot);
}

}  // namespace

TEST_CASE("map box: borders belong to it", "[herd][map]") {
    CHECK(holds("10,20,30,40", "+10+20"));
    CHECK(holds("10,20,30,40", "+30.0000000+40.0000000"));
    CHECK_FALSE(holds("10,20,30,40", "+9.9999999+20"));
    CHECK_FALSE(holds("10,20,30,40", "+30.0000001+40"));
    CHECK_FALSE(holds("10,20,30,40", "+20+19.9999999"));
    CHECK_FALSE(holds("10,20,30,40", "+20+40.0000001"));
    CHECK(holds("10.5,-20.25,10.5,-20.25", "+10.5-20.25"));
}

TEST_CASE("map box: it goes eastwards, also across the antimeridian", "[herd][map]") {
    CHECK(holds("-10,170,10,-170", "+0+175"));
    CHECK(holds("-10,170,10,-170", "+0-175"));
    CHECK(holds("-10,170,10,-170", "+0+180"));
    CHECK(holds("-10,170,10,-170", "+0-180"));
    CHECK_FALSE(holds("-10,170,10,-170", "+0+0"));
    CHECK(holds("-90,-180,90,180", "+90+180"));
    CHECK(holds("-90,-180,90,180", "-90-180"));
    CHECK(holds("-90,0,90,180", "+0-180"));
    CHECK_FALSE(Box::whole().holds(herd::follow::nowhere));
    CHECK_FALSE(Box::parse("-90,-180,90,180")->holds(herd::follow::nowhere));
}

TEST_CASE("map box: what is no box is none", "[herd][map]") {
    for (const char* text : {"",
                             "1",
                             "1,2,3",
                             "1,2,3,4,5",
                             "1,2,3,4 ",
                             " 1,2,3,4",
                             "a,2,3,4",
                             "30,20,10,40",
                             "-91,0,0,0",
                             "0,0,91,0",
                             "0,-181,0,0",
                             "0,0,0,181",
                             "nan,0,0,0",
                             "0,inf,0,0",
                             "1e400,0,0,0",
                             "1,,3,4",
                             "1;2;3;4"}) {
        INFO(text);
        CHECK_FALSE(Box::parse(text).has_value());
    }
}

TEST_CASE("map marks: each viewer has its own, and they are found in order", "[herd][map]") {
    Marks marks;
    REQUIRE(marks.map(3, 200).has_value());
    for (const std::uint32_t slot : {0U, 63U, 64U, 65U, 199U}) CHECK(marks.add(1, slot));
    CHECK_FALSE(marks.add(1, 63));
    CHECK(marks.next(0, 0, 200) == 200);
    CHECK(marks.next(2, 0, 200) == 200);
    std::set<std::uint32_t> found;
    for (std::uint32_t at = 0; (at = marks.next(1, at, 200)) < 200; ++at) found.insert(at);
    CHECK(found == std::set<std::uint32_t>{0, 63, 64, 65, 199});
    CHECK(marks.next(1, 66, 199) == 199);
    CHECK(marks.next(1, 66, 130) == 130);
    CHECK(marks.remove(1, 64));
    CHECK_FALSE(marks.remove(1, 64));
    CHECK_FALSE(marks.has(1, 64));
    CHECK(marks.next(1, 64, 200) == 65);
    marks.fill(1, 200, false);
    CHECK(marks.next(1, 0, 200) == 200);
}

TEST_CASE("map marks: a viewer may have all there are, and none of those to come", "[herd][map]") {
    Marks marks;
    REQUIRE(marks.map(2, 200).has_value());
    for (const std::uint32_t end : {0U, 1U, 63U, 64U, 130U, 200U}) {
        marks.fill(0, end, true);
        for (std::uint32_t slot = 0; slot < 200; ++slot) CHECK(marks.has(0, slot) == (slot < end));
        CHECK(marks.next(1, 0, 200) == 200);
    }
}

TEST_CASE("map digits: no number ends a line, and each fits where it is put", "[herd][map]") {
    std::array<char, 64> room{};
    Digits digits(room);
    digits.put(0, 1);
    digits.put(63, 1);
    digits.put(64, 2);
    digits.put(36'000'000, 5);
    digits.put(1'000'000, 3);  // too much
    CHECK(digits.text() == "0o1029E40ooo");
    Digits few(room);
    for (const std::uint32_t value : {0U, 31U, 32U, 1023U, 1024U, 4'294'967'295U}) {
        few.put_short(value);
    }
    CHECK(few.text() == "0OP1oOPP1oooooo3");
    CHECK(few.room() == 64 - few.text().size());
}

}  // namespace map_parts_test
