#include "herd/keys/names.hpp"

#include "protocol/server_name.hpp"
#include "tests/unit/herd/keys/key_house.hpp"

#include <catch2/catch.hpp>

#include <cctype>
#include <string>
#include <vector>

namespace keys_names_test {

using keys_test::herd_of;
namespace keys = herd::keys;

namespace {

std::string trouble(const std::vector<std::string>& names) {
    const auto checked = keys::check_names(herd_of(names));
    return checked ? "" : checked.error();
}

std::string refused(const std::string& name, const std::string& why) {
    return "server \"" + name + "\": with keys, no server can have this name: it " + why;
}

}  // namespace

TEST_CASE("keys: names that mean something else in certificates are refused", "[herd][keys]") {
    CHECK(trouble({"Goloman", "Hands"}).empty());
    for (const std::string name : {"ca", "CA", "cA", "operator", "Operator", "OPERATOR"}) {
        const bool authority = name.size() == 2;
        CHECK(trouble({"Hands", name}) ==
              refused(name,
                      authority ? "is taken: ca.key and ca.crt are not a server's"
                                : "is taken: operator.key and operator.crt are not a server's"));
    }
    CHECK(trouble({"LocalHost"}) ==
          refused("LocalHost", "is in the certificate of every server on loopback"));
    for (const std::string name : {"*", "*.herd.test", "a*", "a*.herd.test"}) {
        CHECK(trouble({name}) ==
              refused(name, "has a '*', which stands for other names in a certificate"));
    }
    for (const std::string name : {"127.0.0.1", "10.0.0.7", "::1", "fe80::1", "::ffff:10.0.0.1"}) {
        CHECK(trouble({name}) ==
              refused(name, "is an address, which certificates of other servers may have"));
    }
}

TEST_CASE("keys: names that differ in case only are refused", "[herd][keys]") {
    CHECK(
        trouble({"Hands", "Welsh", "hAnds"}) ==
        "servers \"Hands\" and \"hAnds\": with keys, names differ in more than case: certificates "
        "are compared without regard to it");
    CHECK(trouble({"Hands", "Hands2", "Hand"}).empty());
}

TEST_CASE("keys: an old server may have any name", "[herd][keys]") {
    auto config = herd_of({"Hands", "hands", "ca"});
    CHECK_FALSE(keys::check_names(config));
    config.servers[1].legacy = true;
    config.servers[2].legacy = true;
    CHECK(keys::check_names(config));
}

TEST_CASE("keys: every other name is found in its own certificate, and in no other's",
          "[herd][keys]") {
    std::vector<std::string> names;
    for (char each = ' '; each < 0x7f; ++each) {
        const std::string one(1, each);
        for (const std::string& name : {one, one + "a", "a" + one, "a" + one + "b", "a.b" + one}) {
            const bool upper = std::isupper(static_cast<unsigned char>(each)) != 0;
            if (upper || !protocol::is_server_name(name) || !trouble({name}).empty()) continue;
            names.push_back(name);
        }
    }
    names.emplace_back(64, 'x');
    names.emplace_back("a,DNS:b");
    CHECK(names.size() > 250);
    for (const std::string& name : names) {
        const auto certificate = keys::make_named(name);
        for (const std::string& other : names) {
            INFO(name << " and " << other);
            if (keys::is_for(*certificate, other) != (name == other)) {
                CHECK(name == other);
                CHECK(keys::is_for(*certificate, other));
            }
        }
    }
}

TEST_CASE("keys: neither a wildcard nor a subject makes a certificate good for a name",
          "[herd][keys]") {
    CHECK_FALSE(keys::is_for(*keys::make_named("*.herd.test"), "a.herd.test"));
    CHECK(keys::is_for(*keys::make_named("a.herd.test"), "A.herd.test"));
    CHECK_FALSE(keys::is_for(*keys::make_named("a.herd.test"), "herd.test"));
    const auto key = keys::make_key();
    const auto made =
        keys::make_certificate({.subject = "Hands", .not_before = 1, .not_after = 2}, *key, {});
    REQUIRE(made);
    CHECK_FALSE(keys::is_for(**made, "Hands"));
}

}  // namespace keys_names_test
