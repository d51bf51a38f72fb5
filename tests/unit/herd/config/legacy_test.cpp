#include "herd/config/file.hpp"
#include "herd/program/check.hpp"
#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace {

using herd::config_test::fault;
using reactor::Address;

constexpr auto ours =
    R"({"name": "New", "clients": "127.0.0.1:12001", "peers": "127.0.0.1:12101"})";

// A herd of one server that is not legacy and, in line 3, one of these fields.
std::string herd_with(const std::string& fields) {
    return std::string("{\"servers\": [\n") + ours + ",\n{" + fields +
           "}],\n\"links\": [[\"New\", \"Old\"]]}";
}

}  // namespace

TEST_CASE("config file: a legacy server has one address for everything", "[herd][config]") {
    for (const std::string fields :
         {R"("name": "Old", "clients": "127.0.0.1:12002", "legacy": true)",
          R"("legacy": true, "clients": "127.0.0.1:12002", "name": "Old")"}) {
        const auto config = herd::config::parse(herd_with(fields), "f");
        REQUIRE(config);
        const auto& servers = (*config).servers;
        CHECK_FALSE(servers[0].legacy);
        CHECK(servers[1].legacy);
        CHECK(servers[1].clients == Address::loopback(12002));
        CHECK(servers[1].peers == Address::loopback(12002));
    }
    CHECK(fault(herd_with(R"("name": "Old", "clients": "127.0.0.1:12002",)"
                          "\n"
                          R"("peers": "127.0.0.1:12102",)"
                          "\n"
                          R"("legacy": true)")) ==
          "f:4: servers[1].peers: expected no peers of a legacy server: its one address is "
          "clients, got \"127.0.0.1:12102\"");
    CHECK(
        fault(herd_with("\"name\": \"Old\", \"legacy\": true,\n\"clients\": \"0.0.0.0:12002\"")) ==
        "f:4: servers[1].clients: expected an address at which the other servers reach it, got "
        "\"0.0.0.0:12002\"");
    CHECK(fault(herd_with(R"("name": "Old", "legacy": true)")) ==
          "f:3: servers[1]: expected name, clients and peers, got no clients");
}

TEST_CASE("config file: who is not legacy needs peers, whatever it says", "[herd][config]") {
    const std::string fields = R"("name": "Old", "clients": "127.0.0.1:12002", "legacy": )";
    CHECK(fault(herd_with(fields + "false")) ==
          "f:3: servers[1]: expected name, clients and peers, got no peers");
    CHECK(fault(herd_with(fields + "1")) ==
          "f:3: servers[1].legacy: expected true or false, got 1");
}

TEST_CASE("config file: legacy servers alone are no herd", "[herd][config]") {
    CHECK(fault(R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "legacy": true}]})") ==
          "f:1: servers: expected a server that is not legacy, got none");
}

TEST_CASE("check: legacy servers are counted and marked", "[herd][config]") {
    const auto config = herd::config::parse(
        herd_with(R"("name": "Old", "clients": "127.0.0.1:12002", "legacy": true)"), "f");
    REQUIRE(config);
    const std::string text = herd::program::overview(*config, "f", false);
    CHECK(text.starts_with("f: 2 servers, 1 of them legacy, 1 link, diameter 1\n"));
    CHECK(text.find("  New  clients 127.0.0.1:12001  peers 127.0.0.1:12101  -- Old (legacy)\n") !=
          std::string::npos);
    CHECK(text.find("  Old  clients 127.0.0.1:12002  legacy                 -- New\n") !=
          std::string::npos);
}
