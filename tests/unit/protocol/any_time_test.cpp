#include "protocol/any_time.hpp"

#include "protocol/percent.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace any_time_test {

namespace {

// The seconds, or "none".
std::string seconds(std::string_view text) {
    const auto time = protocol::parse_any_time(text);
    if (!time) return "none";
    if (time->nanoseconds < 0) return "before";
    std::array<char, 64> out{};
    protocol::TextWriter writer(out);
    protocol::put_seconds(writer, *time);
    return std::string(writer.text());
}

std::string escaped(std::string_view text) {
    std::array<char, 64> out{};
    protocol::TextWriter writer(out);
    protocol::put_percent(writer, text);
    return std::string(writer.text());
}

}  // namespace

TEST_CASE("any time: a number counts what its size says", "[protocol][time]") {
    CHECK(seconds("1790000000") == "1790000000");
    CHECK(seconds("1790000000.75") == "1790000000.75");
    CHECK(seconds("1790000000.750") == "1790000000.75");
    CHECK(seconds("1790000000123") == "1790000000.123");
    CHECK(seconds("1790000000123.5") == "1790000000.1235");
    CHECK(seconds("1790000000123456") == "1790000000.123456");
    CHECK(seconds("1790000000123456789") == "1790000000.123456789");
    CHECK(seconds("1790000000123456789.9") == "1790000000.123456789");
    CHECK(seconds("1.79E9") == "1790000000");
    CHECK(seconds("1.790000000123E12") == "1790000000.123");
    CHECK(seconds("99999999999") == "none");  // The year 5138: no PosixTime reaches it.
    CHECK(seconds("100000000000") == "100000000");
    CHECK(seconds("99999999999999") == "none");
    CHECK(seconds("100000000000000") == "100000000");
    CHECK(seconds("100000000000000000") == "100000000");
    CHECK(seconds("9223372036854775807") == "9223372036.854775807");
    CHECK(seconds("9223372036854775808") == "none");
    CHECK(seconds("99999999999999999999999") == "none");
    CHECK(seconds(" 1790000000 ") == "1790000000");
    CHECK(seconds("0") == "0");
    CHECK(seconds("-5") == "before");
}

TEST_CASE("any time: dates of ISO 8601, with a zone or in UTC", "[protocol][time]") {
    const std::string noon = "1795694400";  // 2026-11-26T12:00:00Z
    CHECK(seconds("2026-11-26T12:00:00Z") == noon);
    CHECK(seconds("2026-11-26t12:00:00z") == noon);
    CHECK(seconds("2026-11-26 12:00:00") == noon);
    CHECK(seconds("2026-11-26T12:00Z") == noon);
    CHECK(seconds("2026-11-26T14:00:00+02:00") == noon);
    CHECK(seconds("2026-11-26T14:00:00+0200") == noon);
    CHECK(seconds("2026-11-26T14:00:00 02:00") == noon);
    CHECK(seconds("2026-11-26T05:00:00-0700") == noon);
    CHECK(seconds("2026-11-26T17:45:00+05:45") == noon);
    CHECK(seconds("2026-11-26T12:00:00.000Z") == noon);
    CHECK(seconds("2026-11-26T12:00:00.25Z") == noon + ".25");
    CHECK(seconds("2026-11-26T12:00:00,25Z") == noon + ".25");
    CHECK(seconds("2026-11-26T12:00:00.123456789Z") == noon + ".123456789");
    CHECK(seconds("2026-11-26T12:00:00.1234567899Z") == noon + ".123456789");
    CHECK(seconds("2026-11-26T11:59:60Z") == noon);
    CHECK(seconds("1970-01-01T00:00:00Z") == "0");
    CHECK(seconds("1969-12-31T23:59:59Z") == "before");
    CHECK(seconds("2000-02-29T00:00:00Z") == "951782400");
    CHECK(seconds("2100-03-01T00:00:00Z") == "4107542400");
    CHECK(seconds("2261-12-31T23:59:59Z") == "9214646399");
}

TEST_CASE("any time: what is no time is none", "[protocol][time]") {
    for (const std::string_view text : {"",
                                        " ",
                                        "soon",
                                        "nan",
                                        "inf",
                                        "0x10",
                                        "1790000000s",
                                        "17900 00000",
                                        "2026-11-26",
                                        "2026-11-26T",
                                        "2026-11-26T12",
                                        "2026-11-26T12:00:",
                                        "2026-11-26T12:00:0",
                                        "2026-11-26T12:00:00.Z",
                                        "2026-11-26T12:00:00ZZ",
                                        "2026-11-26T12:00:00+2",
                                        "2026-11-26T12:00:00+02",
                                        "2026-11-26T12:00:00+02:0",
                                        "2026-11-26T12:00:00+24:00",
                                        "2026-13-26T12:00:00Z",
                                        "2026-00-26T12:00:00Z",
                                        "2026-11-31T12:00:00Z",
                                        "2026-11-00T12:00:00Z",
                                        "2026-02-29T12:00:00Z",
                                        "2100-02-29T12:00:00Z",
                                        "2026-11-26T24:00:00Z",
                                        "2026-11-26T12:60:00Z",
                                        "2026-11-26T12:00:61Z",
                                        "2262-01-01T00:00:00Z",
                                        "1677-01-01T00:00:00Z",
                                        "26-11-26T12:00:00Z"}) {
        INFO(text);
        CHECK(seconds(text) == "none");
    }
}

TEST_CASE("percent: no text of somebody else's is more than one field", "[protocol]") {
    CHECK(escaped("phone7") == "phone7");
    CHECK(escaped("!~/+") == "!~/+");
    CHECK(escaped("a b\n%\x7f") == "a%20b%0A%25%7F");
    CHECK(escaped("\xc3\xa9") == "%C3%A9");
    CHECK(escaped(std::string_view("\0", 1)) == "%00");
}

}  // namespace any_time_test
