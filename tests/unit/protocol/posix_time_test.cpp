#include "protocol/posix_time.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <limits>
#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace protocol {
namespace {

constexpr std::int64_t ns_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t ns_min = std::numeric_limits<std::int64_t>::min();

void check_time(std::string_view text, std::int64_t nanoseconds) {
    CAPTURE(text);
    const auto time = parse_posix_time(text);
    REQUIRE(time);
    CHECK(time->nanoseconds == nanoseconds);
}

std::string formatted_skew(std::int64_t nanoseconds) {
    std::vector<char> out(skew_size_max);
    return std::string(format_skew(out, nanoseconds));
}

TEST_CASE("posix_time: every digit counts", "[protocol][posix_time]") {
    check_time("1520023934.918963997", 1520023934918963997);
    check_time("1621464827.959498503", 1621464827959498503);
    check_time("1353118103.108893381", 1353118103108893381);
    check_time("4102444800.000000001", 4102444800000000001);
    check_time("0.000000001", 1);
    check_time("-0.000000001", -1);
}

TEST_CASE("posix_time: fewer decimals mean the same fraction", "[protocol][posix_time]") {
    const std::string decimals = "123456789";
    std::int64_t fraction = 0;
    std::int64_t scale = 1'000'000'000;
    for (std::size_t count = 1; count <= 9; ++count) {
        scale /= 10;
        fraction += static_cast<std::int64_t>(count) * scale;
        check_time("7." + decimals.substr(0, count), 7'000'000'000 + fraction);
        check_time("-7." + decimals.substr(0, count), -7'000'000'000 - fraction);
    }
    check_time("1400794645.39", 1400794645390000000);
    check_time("1234", 1234000000000);
}

TEST_CASE("posix_time: ten decimals are too many, even zeros", "[protocol][posix_time]") {
    CHECK_FALSE(parse_posix_time("1.0000000000"));
    CHECK_FALSE(parse_posix_time("1.1234567891"));
}

TEST_CASE("posix_time: one sign is allowed, leading zeros too", "[protocol][posix_time]") {
    check_time("+1.5", 1500000000);
    check_time("-1.5", -1500000000);
    check_time("-0", 0);
    check_time("+0.0", 0);
    check_time("0001", 1000000000);
    check_time(std::string(500, '0') + "1.5", 1500000000);
}

TEST_CASE("posix_time: the range is that of int64 nanoseconds, to the last one",
          "[protocol][posix_time]") {
    check_time("9223372036.854775807", ns_max);
    check_time("-9223372036.854775807", -ns_max);
    check_time("-9223372036.854775808", ns_min);
    for (const std::string_view text : {"9223372036.854775808"sv,
                                        "-9223372036.854775809"sv,
                                        "9223372037"sv,
                                        "-9223372037"sv,
                                        "9223372036.9"sv,
                                        "9999999999.999999999"sv,
                                        "18446744073.709551616"sv,
                                        "18446744073709551616"sv,
                                        "99999999999999999999999999999999999999"sv}) {
        CAPTURE(text);
        CHECK_FALSE(parse_posix_time(text));
    }
}

TEST_CASE("posix_time: what is not decimal seconds is not a time", "[protocol][posix_time]") {
    for (const std::string_view text : {""sv,
                                        "+"sv,
                                        "-"sv,
                                        "."sv,
                                        "+."sv,
                                        ".5"sv,
                                        "5."sv,
                                        "-.5"sv,
                                        "--1"sv,
                                        "+-1"sv,
                                        "-+1"sv,
                                        "1-"sv,
                                        "1e9"sv,
                                        "1E9"sv,
                                        "1.5e3"sv,
                                        "1_0"sv,
                                        "1_520_023_934.918963997"sv,
                                        "nan"sv,
                                        "-nan"sv,
                                        "inf"sv,
                                        "-inf"sv,
                                        "Infinity"sv,
                                        "0x5A99B9FE"sv,
                                        "1520023934.918.963"sv,
                                        "1,520,023,934.9"sv,
                                        "1,5"sv,
                                        "1. 5"sv,
                                        " 1"sv,
                                        "1 "sv,
                                        "1\0"sv,
                                        "1.5\0"sv,
                                        "1.-5"sv,
                                        "1.+5"sv,
                                        "\u0661"sv,
                                        "1.\u0661"sv,
                                        "1\n"sv,
                                        "1f"sv,
                                        "1.5s"sv}) {
        CAPTURE(text);
        CHECK_FALSE(parse_posix_time(text));
    }
}

TEST_CASE("posix_time: one wrong byte at any place of the usual form is seen",
          "[protocol][posix_time]") {
    const std::string usual = "1111111111.111111111";
    const std::size_t point = usual.find('.');
    for (std::size_t place = 0; place < usual.size(); ++place) {
        for (int value = 0; value < 256; ++value) {
            const char byte = static_cast<char>(value);
            std::string text = usual;
            text[place] = byte;
            const bool is_sign = place == 0 && (byte == '+' || byte == '-');
            const bool is_digit = byte >= '0' && byte <= '9';
            CAPTURE(place, value);
            CHECK(parse_posix_time(text).has_value() ==
                  (place == point ? byte == '.' : is_digit || is_sign));
        }
    }
}

TEST_CASE("posix_time: later is greater", "[protocol][posix_time]") {
    CHECK(PosixTime{1} > PosixTime{0});
    CHECK(PosixTime{-1} < PosixTime{0});
    CHECK(PosixTime{5} == PosixTime{5});
    // A double cannot tell these two apart.
    CHECK(*parse_posix_time("1520023934.918963997") < *parse_posix_time("1520023934.918963998"));
}

TEST_CASE("posix_time: a skew has a sign and nine decimals", "[protocol][posix_time]") {
    CHECK(formatted_skew(263873386) == "+0.263873386");
    CHECK(formatted_skew(0) == "+0.000000000");
    CHECK(formatted_skew(1) == "+0.000000001");
    CHECK(formatted_skew(-1) == "-0.000000001");
    CHECK(formatted_skew(999999999) == "+0.999999999");
    CHECK(formatted_skew(1000000000) == "+1.000000000");
    CHECK(formatted_skew(-1000000001) == "-1.000000001");
    CHECK(formatted_skew(-563873386) == "-0.563873386");
    CHECK(formatted_skew(ns_max) == "+9223372036.854775807");
    CHECK(formatted_skew(ns_min) == "-9223372036.854775808");
    CHECK(formatted_skew(ns_min).size() == skew_size_max);
}

TEST_CASE("posix_time: a skew survives being written and read", "[protocol][posix_time]") {
    for (int bit = 0; bit < 62; ++bit) {
        const std::int64_t value = (std::int64_t{1} << bit) * 3 / 2;
        for (const std::int64_t skew : {value, -value, value - 1}) {
            CHECK(parse_skew(formatted_skew(skew)) == skew);
        }
    }
    CHECK(parse_skew(formatted_skew(ns_min)) == ns_min);
    CHECK(parse_skew(formatted_skew(ns_max)) == ns_max);
}

TEST_CASE("posix_time: a skew without a sign is none", "[protocol][posix_time]") {
    CHECK(parse_skew("+0.263873386") == 263873386);
    CHECK(parse_skew("-5") == -5000000000);
    CHECK(parse_skew("+0.25") == 250000000);
    CHECK_FALSE(parse_skew("0.263873386"));
    CHECK_FALSE(parse_skew(""));
    CHECK_FALSE(parse_skew("+"));
    CHECK_FALSE(parse_skew("++1"));
    CHECK_FALSE(parse_skew("+1."));
    CHECK_FALSE(parse_skew("+.5"));
    CHECK_FALSE(parse_skew("+1.0000000000"));
    CHECK_FALSE(parse_skew("+9223372036.854775808"));
    CHECK_FALSE(parse_skew("+9.5e-07"));
    CHECK_FALSE(parse_skew("+nan"));
}

}  // namespace
}  // namespace protocol
