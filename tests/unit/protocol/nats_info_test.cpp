#include "protocol/nats_info.hpp"

#include "protocol/json_walk.hpp"
#include "protocol/nats_error.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace nats_info_test {

using namespace protocol::nats;

namespace {

std::string leaves(const std::string& json) {
    std::string all;
    const bool whole = protocol::walk_json(json, [&](const protocol::JsonLeaf& leaf) {
        all += std::string(leaf.path) + "=" + std::string(leaf.text) + ";";
    });
    return all + (whole ? "" : "!");
}

}  // namespace

TEST_CASE("nats: a walk through JSON tells where each value stands", "[protocol][nats]") {
    CHECK(leaves(R"({"a":1,"b":{"c":"x","d":{"e":true}},"f":[2,{"g":null},3],"h":[]})") ==
          "a=1;b.c=x;b.d.e=true;f=2;f.g=null;f=3;");
    CHECK(leaves("7") == "=7;");
    CHECK(leaves(R"([{"a":1},{"b":2}])") == "a=1;b=2;");
    CHECK(leaves(R"({"a":1)") == "a=1;!");
    CHECK(leaves(R"({"a":1}x)") == "a=1;!");
    CHECK(leaves("") == "!");
    const std::string name(100, 'n');
    CHECK(leaves(R"({")" + name + R"(":{")" + name + R"(":1},"z":2})") ==
          name + "." + std::string(27, 'n') + "=1;z=2;");
    CHECK(leaves(std::string(64, '[') + "1" + std::string(64, ']')) == "=1;");
}

TEST_CASE("nats: what a broker says of itself is read", "[protocol][nats]") {
    const auto info = parse_info(
        R"({"server_id":"NAB","server_name":"x","version":"2.9.10","proto":1,"go":"go1.19",)"
        R"("host":"0.0.0.0","port":4222,"headers":true,"max_payload":1048576,"jetstream":true,)"
        R"("client_id":5,"auth_required":true,"tls_available":true,"ldm":true,"nonce":"n",)"
        R"("connect_urls":["10.0.0.1:4222","[::1]:4223"],"cluster":{"max_payload":7}})");
    REQUIRE(info.has_value());
    CHECK(info->server_id.text() == "NAB");
    CHECK(info->version.text() == "2.9.10");
    CHECK(info->max_payload == 1'048'576);
    CHECK(info->headers);
    CHECK(info->jetstream);
    CHECK(info->auth_required);
    CHECK(info->tls_available);
    CHECK_FALSE(info->tls_required);
    CHECK(info->lame_duck);
    REQUIRE(info->urls().size() == 2);
    CHECK(info->urls()[1].text() == "[::1]:4223");
}

TEST_CASE("nats: what is no INFO is none, and too many addresses are not kept",
          "[protocol][nats]") {
    for (const char* const bad : {"",
                                  "{}",
                                  "[]",
                                  R"({"server_id":"a"})",
                                  R"({"max_payload":1})",
                                  R"({"server_id":1,"max_payload":1})",
                                  R"({"server_id":"a","max_payload":"1"})",
                                  R"({"server_id":"a","max_payload":-1})",
                                  R"({"server_id":"a","max_payload":1.5})",
                                  R"({"server_id":"a","max_payload":99999999999999999999})",
                                  R"({"server_id":"a","max_payload":1)"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_info(bad).has_value());
    }
    std::string many =
        R"({"server_id":"a","max_payload":1,"connect_urls":[")" + std::string(64, 'x') + "\"";
    for (int i = 0; i < 20; ++i) many += ",\"10.0.0." + std::to_string(i) + ":1\"";
    const auto info = parse_info(many + "]}");
    REQUIRE(info.has_value());
    REQUIRE(info->urls().size() == BrokerInfo::urls_max);
    CHECK(info->urls().front().text() == "10.0.0.0:1");
}

TEST_CASE("nats: an error has a kind, and most end the connection", "[protocol][nats]") {
    const auto kind = [](std::string_view text) { return kind_of_error(text); };
    CHECK(kind("Authorization Violation") == ErrorKind::denied);
    CHECK(kind("User Authentication Expired") == ErrorKind::denied);
    CHECK(kind("authentication timeout") == ErrorKind::denied);
    CHECK(kind("Stale Connection") == ErrorKind::stale);
    CHECK(kind("Slow Consumer") == ErrorKind::slow_consumer);
    CHECK(kind("Permissions Violation for Publish to \"a\"") == ErrorKind::permission);
    CHECK(kind("Secure Connection - TLS Required") == ErrorKind::tls_required);
    CHECK(kind("Maximum Control Line Exceeded") == ErrorKind::too_long);
    CHECK(kind("Maximum Payload Violation") == ErrorKind::too_long);
    CHECK(kind("maximum connections exceeded") == ErrorKind::full);
    CHECK(kind("Maximum Subscriptions Exceeded") == ErrorKind::unsupported);
    CHECK(kind("Server Shutdown") == ErrorKind::shutdown);
    CHECK(kind("Unknown Protocol Operation") == ErrorKind::nonsense);
    CHECK(kind("Stale") == ErrorKind::other);
    CHECK(kind("") == ErrorKind::other);
    CHECK(ends_connection(ErrorKind::denied));
    CHECK(ends_connection(ErrorKind::shutdown));
    CHECK_FALSE(ends_connection(ErrorKind::permission));
    CHECK_FALSE(ends_connection(ErrorKind::unsupported));
    CHECK_FALSE(ends_connection(ErrorKind::other));
}

}  // namespace nats_info_test
