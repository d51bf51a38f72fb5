#include "reactor/pages.hpp"

#include "reactor/sys.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include <sys/mman.h>

namespace reactor::pages_test {

namespace {

struct TakenAtOnce {
    TakenAtOnce() { sys::take_pages_at_once(true); }
    TakenAtOnce(const TakenAtOnce&) = delete;
    TakenAtOnce& operator=(const TakenAtOnce&) = delete;
    ~TakenAtOnce() { sys::take_pages_at_once(false); }
};

std::size_t pages_in_memory(const Pages& pages) {
    const auto bytes = pages.bytes();
    std::vector<unsigned char> there(bytes.size() / Pages::small_page);
    REQUIRE(::mincore(bytes.data(), bytes.size(), there.data()) == 0);
    return static_cast<std::size_t>(std::ranges::count(there, 1));
}

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

TEST_CASE("pages: are taken when they are touched, or all at once", "[reactor][pages]") {
    constexpr std::size_t count = 1'000;
    const auto size = count * Pages::small_page;
    auto mapped = Pages::map(size);
    REQUIRE(mapped);
    REQUIRE(pages_in_memory(*mapped) == 0);
    const TakenAtOnce taken;
    auto whole = Pages::map(size);
    REQUIRE(whole);
    REQUIRE(pages_in_memory(*whole) == count);
    REQUIRE(std::ranges::count((*whole).bytes(), 0) == size);
    REQUIRE(pages_in_memory(*mapped) == 0);
}

TEST_CASE("pages: to be taken at once, they are refused when they are too many",
          "[reactor][pages]") {
    constexpr std::size_t size = std::size_t{1} << 44;  // 16 TiB
    REQUIRE(Pages::map(size));
    const TakenAtOnce taken;
    auto refused = Pages::map(size);
    REQUIRE_FALSE(refused);
    REQUIRE(refused.error().value == ENOMEM);
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

TEST_CASE("pages: all together know how much they are, whoever has them", "[reactor][pages]") {
    const std::size_t before = Pages::mapped();
    {
        auto mapped = Pages::map(1000);
        REQUIRE(mapped);
        CHECK(Pages::mapped() == before + 1000);
        Pages pages = std::move(*mapped);
        CHECK(Pages::mapped() == before + 1000);
        auto second = Pages::map(24);
        REQUIRE(second);
        pages = std::move(*second);
        CHECK(Pages::mapped() == before + 1024);
    }
    CHECK(Pages::mapped() == before);
}

}  // namespace

}  // namespace reactor::pages_test
