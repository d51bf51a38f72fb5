#include "reactor/lines.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace reactor::lines_test {

namespace {

std::vector<std::string> all(Lines& lines) {
    std::vector<std::string> out;
    while (const auto line = lines.take()) out.emplace_back(*line);
    return out;
}

TEST_CASE("lines: end with LF, and one CR before it is no part of them", "[reactor][lines]") {
    Lines lines("one\ntwo\r\nthree\r\r\n\n\r\na\rb\nrest");
    REQUIRE(all(lines) == std::vector<std::string>{"one", "two", "three\r", "", "", "a\rb"});
    REQUIRE(lines.rest() == "rest");
    REQUIRE(lines.taken() == 24);
}

TEST_CASE("lines: an unfinished line is no line", "[reactor][lines]") {
    Lines lines("abc\r");
    REQUIRE_FALSE(lines.take());
    REQUIRE(lines.rest() == "abc\r");
    REQUIRE(lines.taken() == 0);
    REQUIRE_FALSE(Lines("").take());
}

TEST_CASE("lines: a line may hold NUL bytes and any others", "[reactor][lines]") {
    using namespace std::string_view_literals;
    Lines lines("a\0b\xff\n"sv);
    REQUIRE(lines.take() == "a\0b\xff"sv);
}

TEST_CASE("lines: what was seen is not searched again, and nothing is lost", "[reactor][lines]") {
    const std::string text = "abcdef\r\nsecond\nthird";
    for (std::size_t seen = 0; seen <= 7; ++seen) {
        Lines lines(text, seen);
        REQUIRE(all(lines) == std::vector<std::string>{"abcdef", "second"});
        REQUIRE(lines.rest() == "third");
    }
    // A newline in the seen part would be overlooked: the claim is the caller's.
    Lines lines("a\nb\nc", 2);
    REQUIRE(lines.take() == "a\nb");
    REQUIRE_FALSE(Lines("abc", 3).take());
}

TEST_CASE("lines: every split of an input gives the same lines", "[reactor][lines]") {
    const std::string text = "one\r\n\ntwo\nthree\r\nfour\n";
    Lines whole(text);
    const auto expected = all(whole);
    for (std::size_t split = 0; split <= text.size(); ++split) {
        std::string held = text.substr(0, split);
        Lines first(held);
        auto got = all(first);
        held.erase(0, first.taken());
        const std::size_t seen = held.size();
        held += text.substr(split);
        Lines second(held, seen);
        for (auto& line : all(second)) got.push_back(line);
        REQUIRE(got == expected);
        REQUIRE(second.rest().empty());
    }
}

}  // namespace

}  // namespace reactor::lines_test
