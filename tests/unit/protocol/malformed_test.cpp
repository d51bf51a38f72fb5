#include "protocol/malformed.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace protocol {
namespace {

TEST_CASE("malformed: each reason has a word of its own", "[protocol][malformed]") {
    std::set<std::string_view> words;
    const int count = static_cast<int>(Malformed::number) + 1;
    for (int i = 0; i < count; ++i) {
        const std::string_view word = to_text(static_cast<Malformed>(i));
        CHECK_FALSE(word.empty());
        CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
        words.insert(word);
    }
    CHECK(words.size() == static_cast<std::size_t>(count));
}

}  // namespace
}  // namespace protocol
