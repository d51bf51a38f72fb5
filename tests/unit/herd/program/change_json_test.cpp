#include "herd/program/change_json.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace change_json_test {

using herd::program::change_json;

TEST_CASE("change json: what followers hear, as an object each", "[herd][program]") {
    CHECK(change_json("FOLLOW Alpha 1") == R"({"event":"follow","server":"Alpha","number":1})");
    CHECK(change_json("GONE 3 kiwi") == R"({"event":"gone","number":3,"client":"kiwi"})");
    CHECK(change_json("NOW 2 AT Alpha +0.000000000 kiwi +34.068930-118.445127 5.25") ==
          R"({"event":"now","number":2,"client":"kiwi","latitude":34.068930,)"
          R"("longitude":-118.445127,"time":"5.25","server":"Alpha"})");
}

TEST_CASE("change json: clients' names may be any bytes", "[herd][program]") {
    const std::string instead = "\xef\xbf\xbd";
    CHECK(change_json("GONE 1 a\"\xff\x01") ==
          R"({"event":"gone","number":1,"client":"a\")" + instead + R"(\u0001"})");
    CHECK(change_json("NOW 1 AT A +0.000000000 \xc3 +1+1 5").find(instead) != std::string::npos);
}

TEST_CASE("change json: a server may say anything", "[herd][program]") {
    CHECK(change_json("") == R"({"event":"follow","number":0})");
    CHECK(change_json("NOW x y") == R"({"event":"now","number":0})");
    CHECK(change_json("NOW 1 AT A") == R"({"event":"now","number":1})");
    CHECK(change_json("GONE 99999999999 ") == R"({"event":"gone","number":0,"client":""})");
    const std::string long_one(5000, '\x01');
    CHECK(change_json("GONE 1 " + long_one).size() > 6 * long_one.size());
}

}  // namespace change_json_test
