#include "herd/gps/fix.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace fix_test {

using namespace herd::gps;

namespace {

// The report of what a line of gpsd's says; "none" of one that says nothing.
std::string report(const std::string& line) {
    const auto fix = read_fix(line);
    if (!fix) return "none";
    std::array<char, report_size_max("kiwi")> out{};
    return std::string(write_report(out, "kiwi", *fix));
}

const std::string whole =
    R"({"class":"TPV","device":"/dev/ttyUSB0","mode":3,"time":"2026-08-28T12:00:00.123Z",)"
    R"("ept":0.005,)"
    R"("lat":52.516272222,"lon":13.377722222,"altHAE":81.6,"speed":0.4,"ecefx":1.0})";

}  // namespace

TEST_CASE("fix: what gpsd says in 2D and 3D is a report", "[gps]") {
    CHECK(report(whole) == "IAMAT kiwi +52.5162722+013.3777222 1787918400.123");
    CHECK(report(R"({"class":"TPV","mode":2,"time":"2026-08-28T12:00:00.000Z","lat":-0.000451234,)"
                 R"("lon":-179.999999999})") == "IAMAT kiwi -00.0004512-180 1787918400");
}

TEST_CASE("fix: members come in any order, and nested ones are not its own", "[gps]") {
    CHECK(report(
              R"({"lon":1e0,"lat":4.5E-4,"time":"2026-08-28T12:00:00Z","mode":3,"class":"TPV"})") ==
          "IAMAT kiwi +00.00045+001 1787918400");
    CHECK(report(R"({"class":"TPV","mode":3,"time":"2026-08-28T12:00:00Z","lat":1,"lon":2,)"
                 R"("x":{"mode":1,"lat":9},"y":[{"lon":8}]})") == "IAMAT kiwi +01+002 1787918400");
    CHECK(report(R"([{"class":"TPV","mode":3,"time":"2026-08-28T12:00:00Z","lat":1,"lon":2}])") ==
          "none");
    CHECK(
        report(
            R"({"tpv":{"class":"TPV","mode":3,"time":"2026-08-28T12:00:00Z","lat":1,"lon":2}})") ==
        "none");
}

TEST_CASE("fix: without a fix, a time or a place there is none", "[gps]") {
    const auto without = [](const std::string& what, const std::string& instead) {
        std::string line = whole;
        const std::size_t at = line.find(what);
        REQUIRE(at != std::string::npos);
        return report(line.replace(at, what.size(), instead));
    };
    CHECK(without("\"mode\":3,", "") == "none");
    CHECK(without("\"mode\":3", "\"mode\":1") == "none");
    CHECK(without("\"mode\":3", "\"mode\":0") == "none");
    CHECK(without("\"mode\":3", "\"mode\":-3") == "none");
    CHECK(without("\"mode\":3", "\"mode\":\"3\"") == "none");
    CHECK(without("\"mode\":3", "\"mode\":3,\"mode\":1") == "none");
    CHECK(without("\"time\":\"2026-08-28T12:00:00.123Z\",", "") == "none");
    CHECK(without("2026-08-28T12:00:00.123Z", "soon") == "none");
    CHECK(without("2026-08-28T12:00:00.123Z", "1970-01-01T00:00:00Z") == "none");
    CHECK(without("2026-08-28T12:00:00.123Z", "1969-12-31T23:59:59Z") == "none");
    CHECK(without("\"lat\":52.516272222,", "") == "none");
    CHECK(without("\"lon\":13.377722222,", "") == "none");
    CHECK(without("\"lat\":52.516272222", "\"lat\":{}") == "none");
    CHECK(without("\"lat\":52.516272222", "\"lat\":null") == "none");
    CHECK(without("\"lat\":52.516272222", "\"lat\":90.1") == "none");
    CHECK(without("\"lon\":13.377722222", "\"lon\":-180.1") == "none");
    CHECK(without("\"lon\":13.377722222", "\"lon\":nan") == "none");
    CHECK(without("\"class\":\"TPV\"", "\"class\":\"SKY\"") == "none");
    CHECK(without("\"class\":\"TPV\"", "\"class\":null") == "none");
}

TEST_CASE("fix: what is no JSON, or not whole, is none", "[gps]") {
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK(report(whole.substr(0, size)) == "none");
    }
    CHECK(report(whole + "}") == "none");
    CHECK(report("5") == "none");
    CHECK(report("IAMAT kiwi +1+1 1") == "none");
}

}  // namespace fix_test
