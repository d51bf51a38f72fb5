#include "bench/target.hpp"

#include <catch2/catch.hpp>

#include <vector>

using bench::Target;

TEST_CASE("target: the built-in herd's distances are those of its graph", "[bench][target]") {
    const Target target = Target::built_in();
    CHECK(target.servers_passed(target.find("Goloman")) == std::vector<unsigned>{1, 2, 2, 3, 2});
    CHECK(target.servers_passed(target.find("Welsh")) == std::vector<unsigned>{3, 4, 2, 1, 3});
}

TEST_CASE("target: where no path leads, nothing is passed", "[bench][target]") {
    Target target = Target::built_in();
    target.links.clear();
    CHECK(target.servers_passed(0) == std::vector<unsigned>{1, 0, 0, 0, 0});
}

TEST_CASE("target: an unknown server is said by name", "[bench][target]") {
    CHECK_THROWS_WITH(Target::built_in().find("Nobody"), "no server Nobody in herd");
}
