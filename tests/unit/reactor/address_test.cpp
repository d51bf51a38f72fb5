#include "reactor/address.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace reactor::address_test {

namespace {

std::string text(const Address& address) {
    std::array<char, address_text_size_max> out{};
    return std::string(address.text(out));
}

TEST_CASE("address: numeric hosts go to text and back", "[reactor][address]") {
    REQUIRE(text(Address::parse("127.0.0.1", 12001).value()) == "127.0.0.1:12001");
    REQUIRE(text(Address::parse("::1", 80).value()) == "[::1]:80");
    REQUIRE(text(Address::parse("0.0.0.0", 0).value()) == "0.0.0.0:0");
    REQUIRE(text(Address::parse("2001:db8::a:b", 65535).value()) == "[2001:db8::a:b]:65535");
}

TEST_CASE("address: localhost is this machine, and no other name is known", "[reactor][address]") {
    REQUIRE(Address::parse("localhost", 5) == Address::loopback(5));
    for (const char* name : {"",
                             "example.org",
                             "127.0.0",
                             "127.0.0.1.2",
                             "256.0.0.1",
                             "1:2",
                             " 127.0.0.1",
                             "127.0.0.1 ",
                             "localhost.",
                             "[::1]"}) {
        REQUIRE_FALSE(Address::parse(name, 1));
    }
}

TEST_CASE("address: some are this machine's own, or all of its own", "[reactor][address]") {
    for (const char* loopback : {"127.0.0.1", "127.255.255.255", "::1"}) {
        CHECK(Address::parse(loopback, 1)->is_loopback());
        CHECK_FALSE(Address::parse(loopback, 1)->is_wildcard());
    }
    for (const char* wildcard : {"0.0.0.0", "::"}) {
        CHECK(Address::parse(wildcard, 1)->is_wildcard());
        CHECK_FALSE(Address::parse(wildcard, 1)->is_loopback());
    }
    for (const char* other : {"128.0.0.1", "0.0.0.1", "1.0.0.127", "::2", "1::1", "7f00::"}) {
        CHECK_FALSE(Address::parse(other, 1)->is_loopback());
        CHECK_FALSE(Address::parse(other, 1)->is_wildcard());
    }
}

TEST_CASE("address: one of IPv4 is the same in the form that IPv6 has for it",
          "[reactor][address]") {
    for (const std::string host : {"127.0.0.1", "0.0.0.0", "10.1.2.3", "255.255.255.255"}) {
        CHECK(Address::parse("::ffff:" + host, 7) == Address::parse(host, 7));
    }
    CHECK(Address::parse("::FFFF:7f00:1", 7) == Address::loopback(7));
    for (const char* host : {"::127.0.0.1", "::fffe:127.0.0.1", "1::ffff:127.0.0.1"}) {
        CHECK(Address::parse(host, 7)->v6);
    }
}

TEST_CASE("address: the longest text has room", "[reactor][address]") {
    const auto longest = Address::parse("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65535);
    REQUIRE(longest);
    REQUIRE(text(*longest) == "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST_CASE("address: a host that is too long or holds NUL is no address", "[reactor][address]") {
    using namespace std::string_view_literals;
    REQUIRE_FALSE(Address::parse(std::string(1000, '1'), 1));
    REQUIRE_FALSE(Address::parse("127.0.0.1\0.evil"sv, 1));
}

}  // namespace

}  // namespace reactor::address_test
