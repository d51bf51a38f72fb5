#include "herd/config/file.hpp"
#include "tests/unit/herd/config/fault.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace udp_config_test {

using herd::config_test::fault;

namespace {

// Two servers, with what stands in the objects of each.
std::string two(const std::string& first, const std::string& second) {
    return R"({"servers": [{"name": "A", "clients": "127.0.0.1:1", "peers": "127.0.0.1:2")" +
           first + R"(}, {"name": "B", "clients": "127.0.0.1:3", "peers": "127.0.0.1:4")" + second +
           "}]}";
}

}  // namespace

TEST_CASE("config file: a port of UDP may have the number of one of TCP", "[herd][config]") {
    CHECK(fault(two(R"(, "udp": "127.0.0.1:1")", R"(, "udp": "127.0.0.1:2")")).empty());
    const auto config = herd::config::parse(two(R"(, "udp": "127.0.0.1:1")", ""), "f");
    REQUIRE(config);
    CHECK((*config).servers[0].udp == reactor::Address::loopback(1));
    CHECK_FALSE((*config).servers[1].udp);
}

TEST_CASE("config file: no two servers have one port of UDP", "[herd][config]") {
    CHECK(fault(two(R"(, "udp": "127.0.0.1:5")", R"(, "udp": "127.0.0.1:5")"))
              .find("servers[1].udp: expected an address of its own") != std::string::npos);
    CHECK(fault(two(R"(, "udp": "127.0.0.1:0")", R"(, "udp": "127.0.0.1:0")")).empty());
    CHECK(fault(two(R"(, "udp": "here")", "")).find("servers[0].udp: expected") !=
          std::string::npos);
}

}  // namespace udp_config_test
