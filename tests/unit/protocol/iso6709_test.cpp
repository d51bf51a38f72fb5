#include "protocol/iso6709.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

using namespace std::string_literals;
using namespace std::string_view_literals;

namespace protocol {
namespace {

void check_value(std::string_view text, double latitude, double longitude) {
    CAPTURE(text);
    CHECK(is_iso6709(text));
    const auto place = parse_iso6709(text);
    REQUIRE(place);
    CHECK(place->latitude == latitude);
    CHECK(place->longitude == longitude);
}

TEST_CASE("iso6709: a location has the value that it spells", "[protocol][iso6709]") {
    check_value("+34.068930-118.445127", 34.068930, -118.445127);
    check_value("+25.0339687+121.5622835", 25.0339687, 121.5622835);
    check_value("-17.713371-179.999999", -17.713371, -179.999999);
    check_value("+00.000000+000.000000", 0, 0);
    check_value("+34.06893-118.445127", 34.06893, -118.445127);
    check_value("-0-0", 0, 0);
}

TEST_CASE("iso6709: whole degrees and short ones are legal", "[protocol][iso6709]") {
    check_value("+12-118", 12, -118);
    check_value("+1-2", 1, -2);
    check_value("+01-02", 1, -2);
    check_value("+1-002.5", 1, -2.5);
    check_value("+1.25+12", 1.25, 12);
}

TEST_CASE("iso6709: exactly ninety degrees is a latitude", "[protocol][iso6709]") {
    check_value("+90+180", 90, 180);
    check_value("-90-180", -90, -180);
    check_value("+90.000-180.000000000000000000000000", 90, -180);
}

TEST_CASE("iso6709: beyond the poles and the antimeridian there is nothing, however near",
          "[protocol][iso6709]") {
    const std::string zeros(300, '0');
    const std::string nines(300, '9');
    for (const std::string& text : {"+90.0000000000000000001+0"s,
                                    "-90.0000000000000000001+0"s,
                                    "+0+180.0000000000000000001"s,
                                    "+0-180.0000000000000000001"s,
                                    "+90." + zeros + "1+0",
                                    "+0-180." + zeros + "1",
                                    "+91+0"s,
                                    "+99+0"s,
                                    "+0+181"s,
                                    "+0-999"s,
                                    "+95.000000-118.445127"s,
                                    "+34.068930-180.000001"s,
                                    "+34.068930+200.000000"s,
                                    "+77.777777-888.888888"s}) {
        CAPTURE(text);
        CHECK_FALSE(is_iso6709(text));
        CHECK_FALSE(parse_iso6709(text));
    }
    check_value("+89." + nines + "-179." + nines, 90, -180);
    check_value("+90." + zeros + "+180." + zeros, 90, 180);
}

TEST_CASE("iso6709: any number of decimals is read, to the nearest double", "[protocol][iso6709]") {
    check_value("+34.0689300000000000000000000000000000000000001-118.4", 34.06893, -118.4);
    check_value("+0.1+0." + std::string(400, '0') + "1", 0.1, 0);
}

TEST_CASE("iso6709: a spot is the location to the seventh decimal", "[protocol][iso6709]") {
    constexpr std::int64_t degree = Spot::per_degree;
    const auto check = [](std::string_view text, std::int64_t north, std::int64_t east, bool cut) {
        CAPTURE(text);
        Spot spot{};
        REQUIRE(read_iso6709(text, spot) == text.size());
        CHECK(std::int64_t{spot.latitude} == 90 * degree + north);
        CHECK(std::int64_t{spot.longitude} == 180 * degree + east);
        CHECK(spot.cut == cut);
        const auto place = parse_iso6709(text);
        REQUIRE(place);
        if (!cut && place->longitude < 180) CHECK(degrees_of(spot) == *place);
    };
    check("+0+0", 0, 0, false);
    check("-0-0", 0, 0, false);
    check("+34.068930-118.445127", 340'689'300, -1'184'451'270, false);
    check("+0.1-0.0000001", 1'000'000, -1, false);
    check("+89.9999999+179.9999999", 90 * degree - 1, 180 * degree - 1, false);
    check("-90-180", -90 * degree, -180 * degree, false);
    check("+90.0000000+180.000000", 90 * degree, -180 * degree, false);
    check("+1.23456789-1.23456789", 12'345'678, -12'345'678, true);
    check("+1.2345678-1.00000000", 12'345'678, -10'000'000, true);
    check("+1.00000000-1.1", 10'000'000, -11'000'000, true);
    check("+1." + std::string(100, '9') + "-1", 19'999'999, -10'000'000, true);
}

TEST_CASE("iso6709: a location is read at the front of a text and no further",
          "[protocol][iso6709]") {
    for (const char* const behind : {" 1", "", " 1234567890", "x", ".5", "+7", "\n"}) {
        const std::string text = std::string("+34.06893-118.44") + behind;
        Spot spot{};
        CHECK(read_iso6709(text, spot) == 16);
        CHECK(degrees_of(spot) == Iso6709{34.06893, -118.44});
    }
}

TEST_CASE("iso6709: degrees with minutes are not decimal degrees", "[protocol][iso6709]") {
    CHECK_FALSE(is_iso6709("+4012.22-07500.25"));
    CHECK_FALSE(is_iso6709("+401213.1-0750015.1"));
    CHECK_FALSE(is_iso6709("+034-118"));
    CHECK_FALSE(is_iso6709("+34-0118"));
    CHECK_FALSE(is_iso6709("+000+000"));
    CHECK_FALSE(is_iso6709("+00+0000"));
}

TEST_CASE("iso6709: what is not the grammar is not a location", "[protocol][iso6709]") {
    for (const std::string_view text : {""sv,
                                        "+"sv,
                                        "-"sv,
                                        "+-"sv,
                                        "++"sv,
                                        "-+118.445127"sv,
                                        "+34.068930"sv,
                                        "-118.445127"sv,
                                        "34.068930-118.445127"sv,
                                        "+34.068930118.445127"sv,
                                        "+34.068930,118.445127"sv,
                                        "+34..068930-118.445127"sv,
                                        "+34.068930x-118.445127"sv,
                                        "+34.0.6-118"sv,
                                        "+.5-118"sv,
                                        "+34.-118"sv,
                                        "+34-118."sv,
                                        "+34-.5"sv,
                                        "+.-."sv,
                                        "+34+"sv,
                                        "+34-"sv,
                                        "+34--118"sv,
                                        "++34-118"sv,
                                        "+34-118+"sv,
                                        "+34-118-0"sv,
                                        "+34-118/"sv,
                                        "+38-097/"sv,
                                        "+34-118CRS"sv,
                                        "+34-118+12.1"sv,
                                        " +34-118"sv,
                                        "+34-118 "sv,
                                        "+34 -118"sv,
                                        "+nan-nan"sv,
                                        "+inf-inf"sv,
                                        "+0x22-0x76"sv,
                                        "+1e1-118"sv,
                                        "+34-1e2"sv,
                                        "+3_4-118"sv,
                                        "+34,5-118"sv,
                                        "+\u0663\u0664.06-118.44"sv,
                                        "\u221234-118"sv,
                                        "\uff0b34-118"sv,
                                        "+34-118\0"sv,
                                        "+3\0-118"sv,
                                        "+34\0-118"sv,
                                        "Los_Angeles"sv,
                                        "+34.06-118.44\n"sv}) {
        CAPTURE(text);
        CHECK_FALSE(is_iso6709(text));
        CHECK_FALSE(parse_iso6709(text));
    }
}

TEST_CASE("iso6709: no proper prefix of a location without decimals is one",
          "[protocol][iso6709]") {
    const std::string_view text = "+34.068930-118.445127";
    // From the first digit of the longitude on, each cut but the one behind the point is one.
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool expected = i > text.find('-') + 1 && text[i - 1] != '.';
        CAPTURE(i);
        CHECK(is_iso6709(text.substr(0, i)) == expected);
    }
}

TEST_CASE("iso6709: every whole degree in range is read and none outside", "[protocol][iso6709]") {
    for (int latitude = -99; latitude <= 99; ++latitude) {
        const std::string text = (latitude < 0 ? "-" : "+") + std::to_string(std::abs(latitude));
        CHECK(is_iso6709(text + "+0") == (std::abs(latitude) <= 90));
    }
    for (int longitude = -999; longitude <= 999; ++longitude) {
        const std::string text = (longitude < 0 ? "-" : "+") + std::to_string(std::abs(longitude));
        CHECK(is_iso6709("+0" + text) == (std::abs(longitude) <= 180));
    }
}

TEST_CASE("iso6709: any byte put into a location, or changed, leaves what the grammar allows",
          "[protocol][iso6709]") {
    const std::string text = "+34.06-118.44";
    for (std::size_t i = 0; i <= text.size(); ++i) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string other = text;
            other.insert(i, 1, static_cast<char>(byte));
            const bool digit = byte >= '0' && byte <= '9';
            if (!digit) CHECK_FALSE(is_iso6709(other));
            // Another decimal is welcome, another integer digit is one too many.
            if (digit) CHECK(is_iso6709(other) == ((i >= 4 && i <= 6) || i >= 11));
        }
    }
}

}  // namespace
}  // namespace protocol
