#include "protocol/degrees.hpp"

#include "protocol/iso6709.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace degrees_test {

using protocol::Decimal;

namespace {

std::optional<std::int64_t> rounded(std::string_view text, std::int64_t most = 90) {
    return protocol::round_degrees(*Decimal::parse(text), most);
}

std::string written(std::int64_t value, std::size_t width) {
    std::array<char, 32> buffer{};
    protocol::TextWriter out(buffer);
    protocol::put_degrees(out, value, width);
    return std::string(out.text());
}

}  // namespace

TEST_CASE("degrees: are rounded to seven decimals, whatever their form", "[protocol]") {
    CHECK(rounded("52.123456749") == 521234567);
    CHECK(rounded("52.12345675") == 521234568);
    CHECK(rounded("-52.12345675") == -521234568);
    CHECK(rounded("4.5E-4") == 4500);
    CHECK(rounded("-4e-9") == 0);
    CHECK(rounded("90.00000004") == 900000000);
}

TEST_CASE("degrees: what is not on the earth is none", "[protocol]") {
    CHECK_FALSE(rounded("90.00000005"));
    CHECK_FALSE(rounded("-90.0000001"));
    CHECK_FALSE(rounded("180.1", 180));
    CHECK_FALSE(rounded("1e99", 180));
    CHECK(rounded("-180", 180) == -1800000000);
}

TEST_CASE("degrees: a place has one text, which is ISO 6709", "[protocol]") {
    CHECK(written(521234567, 2) == "+52.1234567");
    CHECK(written(-521000000, 2) == "-52.1");
    CHECK(written(0, 2) == "+00");
    CHECK(written(4500, 3) == "+000.00045");
    CHECK(written(-1800000000, 3) == "-180");
    CHECK(written(-1, 3) == "-000.0000001");
    CHECK(protocol::is_iso6709(written(-900000000, 2) + written(1800000000, 3)));
}

}  // namespace degrees_test
