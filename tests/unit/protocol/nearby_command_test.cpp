#include "protocol/command.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nearby_command_test {

namespace {

using namespace protocol;

// Its views are of the line.
Nearby parsed(std::string_view line) {
    CAPTURE(line);
    const auto command = parse_command(line);
    REQUIRE(command.has_value());
    const auto* const nearby = std::get_if<Nearby>(&*command);
    REQUIRE(nearby != nullptr);
    return *nearby;
}

void check_malformed(const std::string& line, Malformed reason) {
    CAPTURE(line);
    const auto command = parse_command(line);
    REQUIRE_FALSE(command.has_value());
    CHECK(to_text(command.error()) == to_text(reason));
}

}  // namespace

TEST_CASE("command: NEARBY is about a client or a place", "[protocol][command]") {
    const Nearby client = parsed("NEARBY kiwi.cs.ucla.edu 10.5 1000");
    CHECK(client.client == "kiwi.cs.ucla.edu");
    CHECK(client.radius_mm == 10'500'000);
    CHECK(client.bound == 1000);
    CHECK(client_of(*parse_command("NEARBY kiwi 1 1")) == "kiwi");
    const Nearby place = parsed("NEARBY +34.068930-118.445127 0 0");
    CHECK(place.client.empty());
    CHECK(place.centre == Iso6709{34.06893, -118.445127});
    CHECK(place.radius_mm == 0);
    CHECK(place.bound == 0);
    CHECK(client_of(*parse_command("NEARBY +1+1 1 1")).empty());
}

TEST_CASE("command: what reads as a location is none of NEARBY's clients", "[protocol][command]") {
    CHECK(parsed("NEARBY +1+1 1 1").client.empty());
    for (const std::string name : {"+1", "+91+1", "+1+181", "1+1", "+1+1x", "+1+1.", "x+1+1"}) {
        const std::string line = "NEARBY " + name + " 1 1";
        CHECK(parsed(line).client == name);
    }
}

TEST_CASE("command: NEARBY's radius and bound have the ranges that are said",
          "[protocol][command]") {
    CHECK(parsed("NEARBY a 50 1").radius_mm == radius_mm_max);
    CHECK(parsed("NEARBY a 50.000000 1").radius_mm == radius_mm_max);
    CHECK(parsed("NEARBY a 0.000001 1").radius_mm == 1);
    CHECK(parsed("NEARBY a 0.0000019 1").radius_mm == 1);
    check_malformed("NEARBY a 50.0000001 1", Malformed::radius);
    check_malformed("NEARBY a 51 1", Malformed::radius);
    check_malformed("NEARBY a -1 1", Malformed::radius);
    check_malformed("NEARBY a 1e1 1", Malformed::radius);
    CHECK(parsed("NEARBY a 1 0001000").bound == nearby_bound_max);
    check_malformed("NEARBY a 1 1001", Malformed::bound);
    check_malformed("NEARBY a 1 18446744073709551617", Malformed::bound);
    check_malformed("NEARBY a 1 -1", Malformed::bound);
    check_malformed("NEARBY a 1 1.0", Malformed::bound);
}

TEST_CASE("command: NEARBY has three operands", "[protocol][command]") {
    for (const std::string line : {"NEARBY", "NEARBY a", "NEARBY a 1", "NEARBY a 1 1 1"}) {
        check_malformed(line, Malformed::operand_count);
    }
    check_malformed("NEARBYS a 1 1", Malformed::unknown_command);
    check_malformed("nearby a 1 1", Malformed::unknown_command);
}

TEST_CASE("command: NEARBY's answer says how many, and of each how far", "[protocol][command]") {
    std::array<char, nearby_answer_size_max> out{};
    CHECK(format(out, NearbyAnswer{"Hands", 12}) == "NEARBY Hands 12");
    const std::string name(64, 'n');
    CHECK(format(out, NearbyAnswer{name, UINT32_MAX}) == "NEARBY " + name + " 4294967295");
    CHECK(format_near(out, 0) == "NEAR 0.000 ");
    CHECK(format_near(out, 7) == "NEAR 0.007 ");
    CHECK(format_near(out, 1234) == "NEAR 1.234 ");
    CHECK(format_near(out, 50'000'000) == "NEAR 50000.000 ");
    CHECK(format_near(out, UINT32_MAX).size() == near_size_max);
}

}  // namespace nearby_command_test
