#include "herd/config/file.hpp"
#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace herd::config_test {
namespace {

std::string with_bridge(
    const std::string& bridge,
    const std::string& server = R"({"name": "B", "peers": "127.0.0.1:4", "bridge": true})") {
    return R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2"},
)" + server +
           R"(], "links": [["A", "B"]],
"bridge": )" +
           bridge + "}";
}

TEST_CASE("config bridge: a bridge needs no clients, and a broker", "[herd][config]") {
    const auto parsed =
        config::parse(with_bridge(R"({"address": "127.0.0.1:4222 [::1]:42222", "bucket": "a-B_9",
                        "shards": "10-7f", "storage": "file", "replicas": 3, "max_bytes": 1000000,
                        "create": false, "recreate": true, "window": 100, "standby_ms": 50,
                        "user": "u", "password_file": "p",
                        "tls": {"authority": "ca", "name": "broker", "first": true}})"),
                      "f");
    INFO(parsed.error());
    REQUIRE(parsed);
    const config::Config& config = *parsed;
    CHECK_FALSE(config.servers[0].bridge);
    CHECK(config.servers[0].takes_clients());
    CHECK(config.servers[1].bridge);
    CHECK_FALSE(config.servers[1].takes_clients());
    CHECK(config.has_bridge());
    CHECK(config.bridges_before(config.servers[1]) == 0);
    const config::Bridge& bridge = config.bridge;
    REQUIRE(bridge.addresses.size() == 2);
    CHECK(bridge.addresses[1].port == 42222);
    CHECK(bridge.shards == config::Shards{0x10, 0x7f});
    CHECK(bridge.storage == config::Storage::file);
    CHECK(bridge.recreate);
    CHECK(bridge.is_sealed());
    CHECK(bridge.tls.first);
    CHECK_FALSE(config::Config::built_in().has_bridge());
    CHECK(fault(with_bridge("{}")) ==
          "f:3: bridge.address: expected where brokers are, as a server is a bridge, got none");
}

TEST_CASE("config bridge: one may take clients, too, and the second waits for the first",
          "[herd][config]") {
    const auto parsed =
        config::parse(with_bridge(R"({"address": "127.0.0.1:4222"})",
                                  R"({"name": "B", "peers": "127.0.0.1:4", "bridge": true},
                       {"name": "C", "clients": "127.0.0.1:5", "peers": "127.0.0.1:6",
                        "bridge": true})"),
                      "f");
    REQUIRE(parsed);
    CHECK((*parsed).servers[2].takes_clients());
    CHECK((*parsed).bridges_before((*parsed).servers[2]) == 1);
}

TEST_CASE("config bridge: what makes no sense is told with its line", "[herd][config]") {
    const auto told = [](const std::string& bridge) { return fault(with_bridge(bridge)); };
    CHECK(told(R"({"address": "broker:4222"})") ==
          "f:3: bridge.address: expected up to 16 addresses, with blanks between them, got "
          "\"broker:4222\"");
    CHECK(told(R"({"address": "0.0.0.0:4222"})").starts_with("f:3: bridge.address: expected up"));
    CHECK(told(R"({"address": "10.0.0.1:4222"})") ==
          "f:3: bridge.address: expected tls, or \"in_the_clear\": true, as a broker is not on "
          "loopback, got neither");
    CHECK(told(R"({"bucket": "a.b"})").starts_with("f:3: bridge.bucket: expected 1 to 64"));
    CHECK(told(R"({"shards": "7f-10"})").starts_with("f:3: bridge.shards: expected two digits"));
    CHECK(told(R"({"shards": "5"})").starts_with("f:3: bridge.shards: expected two digits"));
    const std::string near = R"({"address": "127.0.0.1:4222", )";
    CHECK(told(near + R"("tls": {"authority": "ca"}})") ==
          "f:3: bridge.tls.name: expected the name that the brokers' certificates have, got none");
    CHECK(told(near + R"("tls": {"authority": "ca", "name": "b", "key": "k"}})") ==
          "f:3: bridge.tls.certificate: expected a certificate and its key, got one of them");
    CHECK(told(near + R"("user": "u", "password_file": "p", "token_file": "t"})") ==
          "f:3: bridge.token_file: expected a user or a token, got both");
    CHECK(told(near + R"("user": "u"})") ==
          "f:3: bridge.user: expected a user and the file of a password, got one of them");
    CHECK(fault(with_bridge(near + R"("window": 16})",
                            R"({"name": "B", "clients": "127.0.0.1:4", "legacy": true,
                                "bridge": true})"))
              .starts_with("f:3: servers[1].bridge: expected no bridge that is legacy"));
}

}  // namespace
}  // namespace herd::config_test
