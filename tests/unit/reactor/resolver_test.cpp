#include "reactor/resolver.hpp"

#include "reactor/loop.hpp"
#include "reactor/sys.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <span>
#include <vector>

namespace resolver_test {

using namespace reactor;

namespace {

struct Asker {
    void on_told(std::span<const Address> addresses, Errno why) {
        found.assign(addresses.begin(), addresses.end());
        error = why;
        ++told;
    }
    Resolver::Told tell() { return Resolver::Told::to<&Asker::on_told>(*this); }
    std::vector<Address> found;
    Errno error{};
    int told = 0;
};

}  // namespace

TEST_CASE("resolver: names are looked up in turn, and each is told of", "[reactor]") {
    Loop loop;
    REQUIRE(loop.open({}));
    Asker here;
    Asker nowhere;
    Resolver::Inquiry first("localhost", 7, here.tell());
    Resolver::Inquiry second("nowhere.invalid", 8, nowhere.tell());
    Resolver resolver(loop);
    REQUIRE(resolver.open());
    resolver.ask(first);
    resolver.ask(second);
    resolver.ask(second);
    resolver.ask(first);
    while (nowhere.told == 0) loop.run_once();
    CHECK(here.told == 1);
    REQUIRE_FALSE(here.found.empty());
    CHECK(here.found[0].is_loopback());
    CHECK(here.found[0].port == 7);
    CHECK(nowhere.found.empty());
    CHECK((nowhere.error.value == sys::no_such_name || nowhere.error.value == sys::no_name_server));
    CHECK(nowhere.told == 1);
    resolver.ask(first);
    while (here.told == 1) loop.run_once();
    CHECK(here.told == 2);
}

TEST_CASE("resolver: one that dies while a name is looked up tells nobody", "[reactor]") {
    Loop loop;
    REQUIRE(loop.open({}));
    Asker asker;
    Resolver::Inquiry inquiry("localhost", 7, asker.tell());
    {
        Resolver resolver(loop);
        REQUIRE(resolver.open());
        resolver.ask(inquiry);
    }
    CHECK(asker.told == 0);
}

}  // namespace resolver_test
