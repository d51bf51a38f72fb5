#include "herd/web/report_json.hpp"

#include "herd/web/position_json.hpp"
#include "protocol/peer_message.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <variant>

namespace report_json_test {

namespace {

constexpr std::int64_t now_ns = 1'520'023'934'000'000'123;

// The line, or "!" and what is wrong.
std::string line_of(const std::string& json, std::size_t room = 4096) {
    std::string body = json + std::string(herd::web::json_body_padding, '#');
    std::string out(room, '\0');
    const auto line = herd::web::line_of_json({body.data(), json.size()}, now_ns, out);
    return line ? std::string(*line) : "!" + std::string(line.error());
}

std::string position(const std::string& at_line) {
    const auto message = protocol::parse_peer_message(at_line);
    REQUIRE(message);
    const auto* const line = std::get_if<protocol::AtLine>(&*message);
    REQUIRE(line != nullptr);
    std::array<char, 8192> out{};
    protocol::TextWriter writer(out);
    herd::web::put_position(writer, at_line, *line);
    CHECK(writer.size() <= herd::web::position_size_max(at_line.size()));
    return std::string(writer.text());
}

}  // namespace

TEST_CASE("report json: an object is an IAMAT line with all its decimals", "[herd][web]") {
    CHECK(line_of(R"({"client":"kiwi","latitude":34.068930,"longitude":-118.445127,)"
                  R"("time":1520023934.918963997})") ==
          "IAMAT kiwi +34.068930-118.445127 1520023934.918963997");
    CHECK(line_of(R"( {"time":"5","longitude":"7e-05","client":"a","latitude":-1} )") ==
          "IAMAT a -01+000.00007 5");
    CHECK(line_of(R"({"client":"\u00e9","latitude":1,"longitude":2,"time":-0.1234567891})") ==
          "IAMAT \xc3\xa9 +01+002 -0.123456789");
    CHECK(line_of(R"({"client":"c","latitude":1,"longitude":2})") ==
          "IAMAT c +01+002 1520023934.000000123");
}

TEST_CASE("report json: what is wrong is said", "[herd][web]") {
    const std::string members = "!members are client, latitude, longitude and time";
    CHECK(line_of("") == "!it is no JSON");
    CHECK(line_of("{") == "!it is no JSON");
    CHECK(line_of("[]") == "!a list is no value");
    CHECK(line_of("5") == "!it is no object");
    CHECK(line_of(R"({"client":"c","latitude":1,"longitude":2} x)") == "!it is no JSON");
    CHECK(line_of(std::string("{}\0{}", 5)) == "!it is no JSON");
    CHECK(line_of(R"({"client":"c","latitude":1,"longitude":2,"altitude":3})") == members);
    CHECK(line_of(R"({"client":"c","client":"d","latitude":1,"longitude":2})") ==
          "!a member stands there twice");
    CHECK(line_of(R"({"client":{"a":1}})") == "!an object in an object");
    CHECK(line_of(R"({"client":null})") == "!null is no value");
    CHECK(line_of(R"({"client":true})") == "!true and false are no values");
    CHECK(line_of(R"({"client":[1]})") == "!a list is no value");
    CHECK(line_of(std::string(2000, '[')) == "!a list is no value");
    for (const char* client : {R"("")", R"("a b")", R"("a\nIAMAT")", R"("a\u000b")"}) {
        CHECK(line_of(std::string(R"({"latitude":1,"longitude":2,"client":)") + client + "}") ==
              "!client must be a text without blanks");
    }
    // Cut within a character: nothing is read behind the body's padding.
    CHECK(line_of("{\"client\":\"\xf4") == "!it is no JSON");
    CHECK(line_of("{\"client\":\"\xff\",\"latitude\":1,\"longitude\":2}") == "!it is no JSON");
    CHECK(line_of(R"({"client":"c","longitude":2})") == "!latitude must be a number of degrees");
    CHECK(line_of(R"({"client":"c","latitude":"1 2","longitude":2})") ==
          "!latitude must be a number of degrees");
    CHECK(line_of(R"({"client":"c","latitude":1,"longitude":"E2"})") ==
          "!longitude must be a number of degrees");
    CHECK(line_of(R"({"client":"c","latitude":1,"longitude":2,"time":""})") ==
          "!time must be a number of seconds");
    CHECK(line_of(R"({"client":"cccccc","latitude":1,"longitude":2,"time":5})", 20) ==
          "!it is too long");
}

TEST_CASE("position json: an AT line is an object whose numbers are JSON's", "[herd][web]") {
    CHECK(position("AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997") ==
          R"({"client":"kiwi","latitude":34.068930,"longitude":-118.445127,)"
          R"("time":"1520023934.918963997","server":"Goloman","at":)"
          R"("AT Goloman +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997"})");
    const auto degrees = [](const std::string& location) {
        const std::string json = position("AT A +0.000000000 c " + location + " 5");
        const std::size_t from = json.find("\"latitude\":");
        return json.substr(from, json.find(",\"time\"") - from);
    };
    CHECK(degrees("+07+007") == R"("latitude":7,"longitude":7)");
    CHECK(degrees("-00.5-000.50") == R"("latitude":-0.5,"longitude":-0.50)");
    CHECK(degrees("+0+0") == R"("latitude":0,"longitude":0)");
    CHECK(position("AT A +0.000000000 a\"\xff +1+1 5")
              .starts_with("{\"client\":\"a\\\"\xef\xbf\xbd"));
}

}  // namespace report_json_test
