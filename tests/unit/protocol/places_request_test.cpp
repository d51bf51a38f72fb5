#include "protocol/places_request.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace protocol {
namespace {

std::string legacy_path(const PlacesQuery& query, std::string_view key = "") {
    std::vector<char> out(legacy_path_size_max(key));
    return std::string(format_legacy_path(out, query, key));
}

std::string new_body(const PlacesQuery& query) {
    std::vector<char> out(new_body_size_max);
    return std::string(format_new_body(out, query));
}

const std::string path = "/maps/api/place/nearbysearch/json?location=";

TEST_CASE("places_request: a legacy query is a path", "[protocol][places_request]") {
    CHECK(legacy_path({34.068930, -118.445127, 10'000'000}, "KEY") ==
          path + "34.068930,-118.445127&radius=10000&key=KEY");
}

TEST_CASE("places_request: no key is no key parameter", "[protocol][places_request]") {
    CHECK(legacy_path({1, 2, 1000}) == path + "1.000000,2.000000&radius=1");
}

TEST_CASE("places_request: coordinates have six decimals, rounded, and zero has no sign",
          "[protocol][places_request]") {
    CHECK(legacy_path({-0.0, -0.0000001, 0}) == path + "0.000000,0.000000&radius=0");
    CHECK(legacy_path({-0.0000006, 0.0000004, 0}) == path + "-0.000001,0.000000&radius=0");
    CHECK(legacy_path({89.9999999, -179.9999999, 0}) == path + "90.000000,-180.000000&radius=0");
    CHECK(legacy_path({-90, 180, 0}) == path + "-90.000000,180.000000&radius=0");
    CHECK(legacy_path({0.000001, -0.1, 0}) == path + "0.000001,-0.100000&radius=0");
}

TEST_CASE("places_request: a radius is metres without idle zeros", "[protocol][places_request]") {
    const auto radius = [](std::uint32_t radius_mm) {
        const std::string text = legacy_path({0, 0, radius_mm});
        return text.substr(text.find("radius=") + 7);
    };
    CHECK(radius(0) == "0");
    CHECK(radius(1) == "0.001");
    CHECK(radius(10) == "0.01");
    CHECK(radius(100) == "0.1");
    CHECK(radius(120) == "0.12");
    CHECK(radius(10'587'126) == "10587.126");
    CHECK(radius(10'587'020) == "10587.02");
    CHECK(radius(10'000) == "10");
    CHECK(radius(50'000'000) == "50000");
}

TEST_CASE("places_request: a key cannot break out of its parameter", "[protocol][places_request]") {
    CHECK(legacy_path({0, 0, 0}, "aZ09-._~").ends_with("&key=aZ09-._~"));
    CHECK(legacy_path({0, 0, 0}, "a&b=c#d e\r\n%\xff")
              .ends_with("&key=a%26b%3dc%23d%20e%0d%0a%25%ff"));
}

TEST_CASE("places_request: the promised sizes hold for the longest", "[protocol][places_request]") {
    const PlacesQuery longest = {-90, -179.999999, 49'999'999};
    const std::string key(500, '\x01');
    CHECK(legacy_path(longest, key).size() < legacy_path_size_max(key));
    CHECK(new_body(longest).size() < new_body_size_max);
}

TEST_CASE("places_request: a query of the New API is a JSON body", "[protocol][places_request]") {
    CHECK(new_body({34.06893, -118.445127, 10'000'500}) ==
          R"({"locationRestriction":{"circle":{"center":{"latitude":34.068930,)"
          R"("longitude":-118.445127},"radius":10000.5}},)"
          R"("maxResultCount":20,"rankPreference":"DISTANCE"})");
}

TEST_CASE("places_request: the New API is never asked for a radius of nothing",
          "[protocol][places_request]") {
    CHECK(new_body({0, 0, 0}).find(R"("radius":0.001})") != std::string::npos);
}

TEST_CASE("places_request: the field mask has no blanks", "[protocol][places_request]") {
    CHECK(places_field_mask.find(' ') == std::string_view::npos);
    CHECK(places_field_mask.find("places.location") != std::string_view::npos);
}

}  // namespace
}  // namespace protocol
