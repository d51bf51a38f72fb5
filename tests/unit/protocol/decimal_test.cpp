#include "protocol/decimal.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <optional>
#include <string>

namespace decimal_test {

using protocol::Decimal;

namespace {

std::string written(std::string_view text, std::size_t width = 1, std::size_t decimals = 99) {
    const auto number = Decimal::parse(text);
    if (!number) return "none";
    std::array<char, 256> out{};
    protocol::TextWriter writer(out);
    number->write(writer, width, decimals);
    return (number->negative() ? "-" : "") + std::string(writer.text());
}

}  // namespace

TEST_CASE("decimal: a number keeps the digits that it has", "[protocol][decimal]") {
    CHECK(written("34.068930") == "34.068930");
    CHECK(written("-118.445127") == "-118.445127");
    CHECK(written("+5") == "5");
    CHECK(written("0") == "0");
    CHECK(written("-0.0") == "-0.0");
    CHECK(written("007") == "7");
    CHECK(written("1e-05") == "0.00001");
    CHECK(written("-7.25E-3") == "-0.00725");
    CHECK(written("1.520023934918964e9") == "1520023934.918964");
    CHECK(written("12e2") == "1200");
    CHECK(written("1.5e0") == "1.5");
    CHECK(written("123.456e-2") == "1.23456");
    CHECK(written("0.000e5") == "0");
    CHECK(written("7", 3) == "007");
    CHECK(written("-7.5", 2) == "-07.5");
    CHECK(written("118.4", 2) == "118.4");
    CHECK(written("0.004e3", 2) == "04");
    CHECK(written("1.123456789987", 1, 9) == "1.123456789");
    CHECK(written("1.5", 1, 0) == "1");
}

TEST_CASE("decimal: what is no number is none", "[protocol][decimal]") {
    for (const char* bad : {"",
                            "-",
                            "+",
                            ".5",
                            "5.",
                            "5.e1",
                            "1e",
                            "1e+",
                            "1e100",
                            "1 ",
                            " 1",
                            "0x1",
                            "1,5",
                            "nan",
                            "inf",
                            "--1",
                            "1e1.5"}) {
        INFO(bad);
        CHECK_FALSE(Decimal::parse(bad));
    }
    CHECK(Decimal::parse("1e99"));
    CHECK(Decimal::parse("1e-99"));
}

TEST_CASE("decimal: loosely, what other programs take for a number is one", "[protocol][decimal]") {
    const auto read = [](std::string_view text) {
        const auto number = Decimal::parse_loosely(text);
        const auto value = number ? number->scaled(3) : std::nullopt;
        return value ? std::to_string(number->negative() ? -1 : 1) + " " + std::to_string(*value)
                     : "none";
    };
    CHECK(read(" 45.2 ") == "1 45200");
    CHECK(read(".5") == "1 500");
    CHECK(read("-5.") == "-1 5000");
    CHECK(read("+7.5") == "1 7500");
    CHECK(read("-4.5E-4") == "-1 0");
    CHECK(read("-4.5E-3") == "-1 4");
    CHECK(read("1.0E-7") == "1 0");
    CHECK(read("1787918.4e3") == "1 1787918400000");
    CHECK(read("12345678901234567890.9996") == "none");
    CHECK(read("1234567890123456.7896") == "1 1234567890123456789");
    CHECK(read("1e99") == "none");
    CHECK(read("0e99") == "1 0");
    for (const char* bad : {"", " ", ".", "-.", "4 5", "45,2", "45.2N", "1e400", "inf", "e5"}) {
        INFO(bad);
        CHECK(read(bad) == "none");
    }
}

}  // namespace decimal_test
