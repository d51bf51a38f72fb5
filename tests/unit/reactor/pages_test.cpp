#include "reactor/pages.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace reactor {
namespace {

TEST_CASE("pages: come zeroed", "[reactor][pages]") {
    auto pages = Pages::map(10000);
    REQUIRE(pages);
    const auto bytes = (*pages).bytes();
    REQUIRE(bytes.size() == 10000);
    REQUIRE(std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; }));
}

TEST_CASE("pages: what the system cannot give is an error, not a crash", "[reactor][pages]") {
    auto pages = Pages::map(std::size_t{1} << 60);
    REQUIRE_FALSE(pages);
    REQUIRE(pages.error().value == ENOMEM);
    auto array = PageArray<std::uint64_t>::map(std::size_t{1} << 57);
    REQUIRE_FALSE(array);
    REQUIRE(array.error().value == ENOMEM);
}

TEST_CASE("pages: untouched pages of a huge array cost nothing", "[reactor][pages]") {
    auto array = PageArray<std::uint64_t>::map(std::size_t{1} << 33);  // 64 GiB
    REQUIRE(array);
    (*array)[0] = 1;
    (*array)[(std::size_t{1} << 33) - 1] = 2;
    REQUIRE((*array)[0] == 1);
    REQUIRE((*array)[(std::size_t{1} << 33) - 1] == 2);
    REQUIRE((*array)[12345] == 0);
}

TEST_CASE("pages: moving hands the memory on", "[reactor][pages]") {
    auto mapped = PageArray<int>::map(100);
    REQUIRE(mapped);
    PageArray<int> array;
    REQUIRE(array.size() == 0);
    array = std::move(*mapped);
    array[99] = 7;
    PageArray<int> other(std::move(array));
    REQUIRE(other.size() == 100);
    REQUIRE(other[99] == 7);
}

}  // namespace
}  // namespace reactor
