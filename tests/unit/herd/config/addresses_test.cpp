// Which addresses of a configuration cannot all be listened at.
#include "herd/config/file.hpp"
#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace addresses_config_test {

namespace {

using herd::config_test::fault;

// What is wrong with these servers, by way of the first one's field; empty: nothing.
std::string of(const std::string& servers) {
    return fault(R"({"servers": [)" + servers + R"(], "insecure_peers": true})");
}

std::string server(const std::string& name,
                   const std::string& clients,
                   const std::string& peers,
                   const std::string& more = "") {
    return R"({"name": ")" + name + R"(", "clients": ")" + clients + R"(", "peers": ")" + peers +
           '"' + more + "}";
}

std::string one(const std::string& clients,
                const std::string& peers,
                const std::string& more = "") {
    return of(server("A", clients, peers, more));
}

const std::string expected = "expected an address of its own, got ";

}  // namespace

TEST_CASE("config file: a wildcard takes a port of every address of its server", "[herd][config]") {
    CHECK(one("0.0.0.0:7", "127.0.0.1:7") ==
          "f:1: servers[0].peers: " + expected + R"("0.0.0.0:7", which takes "127.0.0.1:7", too)");
    CHECK(one("[::]:7", "[::1]:7").find(R"("[::]:7", which takes "[::1]:7", too)") !=
          std::string::npos);
    CHECK(one("127.0.0.1:1", "127.0.0.1:7", R"(, "http": "0.0.0.0:7")") ==
          "f:1: servers[0].http: " + expected + R"("0.0.0.0:7", which takes "127.0.0.1:7", too)");
    CHECK(one("0.0.0.0:7", "127.0.0.1:1", R"(, "http": "0.0.0.0:7")") ==
          "f:1: servers[0].http: " + expected + R"("0.0.0.0:7" again)");
    // Another port, or UDP's.
    CHECK(one("0.0.0.0:7", "127.0.0.1:8", R"(, "udp": "127.0.0.1:7")") == "");
    CHECK(one("0.0.0.0:0", "127.0.0.1:0", R"(, "http": "0.0.0.0:0")") == "");
}

TEST_CASE("config file: the wildcard of IPv6 takes ports of IPv4, and not the reverse",
          "[herd][config]") {
    CHECK(one("[::]:7", "127.0.0.1:7") ==
          "f:1: servers[0].peers: " + expected + R"("[::]:7", which takes "127.0.0.1:7", too)");
    CHECK(one("0.0.0.0:7", "127.0.0.1:1", R"(, "http": "[::]:7")") ==
          "f:1: servers[0].http: " + expected + R"("[::]:7", which takes "0.0.0.0:7", too)");
    CHECK(one("0.0.0.0:7", "[::1]:7") == "");
}

TEST_CASE("config file: an address of IPv4 is the same in the form that IPv6 has for it",
          "[herd][config]") {
    CHECK(one("127.0.0.1:7", "[::ffff:127.0.0.1]:7") ==
          "f:1: servers[0].peers: " + expected + R"("127.0.0.1:7" again)");
    CHECK(one("[::ffff:7f00:1]:7", "127.0.0.1:7") ==
          "f:1: servers[0].peers: " + expected + R"("127.0.0.1:7" again)");
    CHECK(one("[::ffff:0.0.0.0]:7", "127.0.0.1:7") ==
          "f:1: servers[0].peers: " + expected + R"("0.0.0.0:7", which takes "127.0.0.1:7", too)");
    CHECK(one("[::]:7", "[::ffff:10.0.0.1]:7") ==
          "f:1: servers[0].peers: " + expected + R"("[::]:7", which takes "10.0.0.1:7", too)");
    CHECK(of(server("A", "0.0.0.0:7", "[::ffff:127.0.0.1]:1") + "," +
             server("B", "127.0.0.1:7", "127.0.0.1:2")) ==
          "f:1: servers[1].clients: " + expected +
              R"("0.0.0.0:7", which takes "127.0.0.1:7", too)");
    CHECK(of(server("A", "127.0.0.1:3", "[::ffff:0.0.0.0]:1")).find("at which the other servers") !=
          std::string::npos);
}

TEST_CASE("config file: who listens elsewhere than it is reached takes no port there",
          "[herd][config]") {
    CHECK(one("127.0.0.1:1", "10.0.0.1:7", R"(, "listen": "0.0.0.0:7")") == "");
    CHECK(one("127.0.0.1:7", "10.0.0.1:7", R"(, "listen": "0.0.0.0:7")") ==
          "f:1: servers[0].listen: " + expected + R"("0.0.0.0:7", which takes "127.0.0.1:7", too)");
    CHECK(one("0.0.0.0:7", "10.0.0.1:7", R"(, "listen": "127.0.0.1:8")") == "");
    CHECK(one("0.0.0.0:7", "a.example:7", R"(, "listen": "127.0.0.1:8")") == "");
    CHECK(one("127.0.0.1:7", "a.example:7", R"(, "listen": "0.0.0.0:7")") != "");
}

TEST_CASE("config file: two servers of one host share its ports", "[herd][config]") {
    const auto two = [](const std::string& host, const std::string& other) {
        return of(server("A", "0.0.0.0:7", host + ":1", R"(, "udp": "0.0.0.0:9")") + "," +
                  server("B", "127.0.0.1:3", other + ":2", R"(, "http": "127.0.0.1:7")"));
    };
    const std::string clash =
        "f:1: servers[1].http: " + expected + R"("0.0.0.0:7", which takes "127.0.0.1:7", too)";
    CHECK(two("127.0.0.1", "127.0.0.1") == clash);
    CHECK(two("127.0.0.1", "[::1]") == clash);
    CHECK(two("10.0.0.1", "10.0.0.1") == clash);
    CHECK(two("10.0.0.1", "10.0.0.2") == "");
    const auto alike = [](const std::string& setting, const std::string& other_host) {
        const std::string more = R"(, ")" + setting + R"(": "0.0.0.0:9")";
        return of(server("A", "127.0.0.1:3", "10.0.0.1:1", more) + "," +
                  server("B", "127.0.0.1:4", other_host + ":2", more));
    };
    for (const std::string setting : {"http", "udp"}) {
        CHECK(alike(setting, "10.0.0.2") == "");
        CHECK(alike(setting, "10.0.0.1") ==
              "f:1: servers[1]." + setting + ": " + expected + R"("0.0.0.0:9" again)");
    }
}

TEST_CASE("config file: where one port leads to several hosts, their wildcards are their own",
          "[herd][config]") {
    const std::string listen = R"(, "listen": "0.0.0.0:7")";
    CHECK(of(server("A", "127.0.0.1:3", "10.0.0.1:1", listen) + "," +
             server("B", "127.0.0.1:4", "10.0.0.1:2", listen)) == "");
    // An old server, of which one address is known.
    CHECK(of(R"({"name": "Old", "clients": "10.0.0.1:7", "legacy": true},)" +
             server("B", "0.0.0.0:7", "10.0.0.1:2")) ==
          "f:1: servers[1].clients: " + expected + R"("0.0.0.0:7", which takes "10.0.0.1:7", too)");
    CHECK(of(server("B", "0.0.0.0:7", "10.0.0.1:2") +
             R"(, {"name": "Old", "clients": "10.0.0.1:7", "legacy": true})") != "");
}

}  // namespace addresses_config_test
