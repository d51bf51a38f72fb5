#include "herd/access/grant.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace grant_test {

using namespace herd::access;

namespace {

Pattern pattern(std::string_view text) {
    const auto parsed = Pattern::parse(text);
    REQUIRE(parsed);
    return *parsed;
}

}  // namespace

TEST_CASE("grant: a pattern is one id, or with a star at its end all that begin so", "[herd]") {
    CHECK(pattern("kiwi.cs.ucla.edu").covers("kiwi.cs.ucla.edu"));
    for (const std::string_view other :
         {"kiwi.cs.ucla.ed", "kiwi.cs.ucla.edu.", "Kiwi.cs.ucla.edu", "kiwi.cs.ucla.edu*", "k"}) {
        CHECK_FALSE(pattern("kiwi.cs.ucla.edu").covers(other));
    }
    CHECK(pattern("bus-*").covers("bus-7"));
    CHECK(pattern("bus-*").covers("bus-"));
    CHECK(pattern("bus-*").covers("bus-*"));
    CHECK(pattern("bus-*").covers("bus-" + std::string(8'192, 'x')));
    CHECK_FALSE(pattern("bus-*").covers("bus"));
    CHECK_FALSE(pattern("bus-*").covers("tram-bus-7"));
    CHECK(pattern("*").covers("anybody"));
    CHECK(pattern("*").covers("*"));
}

TEST_CASE("grant: a star within an id is a letter like others", "[herd]") {
    CHECK(pattern("a*b").covers("a*b"));
    CHECK_FALSE(pattern("a*b").covers("axb"));
    CHECK_FALSE(pattern("a*b").covers("a*bc"));
    CHECK(pattern("a*b*").covers("a*bc"));
    CHECK_FALSE(pattern("a*b*").covers("axbc"));
    CHECK(pattern("a**").covers("a*z"));
    CHECK_FALSE(pattern("a**").covers("az"));
    CHECK_FALSE(pattern("*a").covers("ba"));
    CHECK(pattern("*a").covers("*a"));
}

TEST_CASE("grant: a pattern covers those that mean no client which it does not", "[herd]") {
    for (const auto& [wide, narrow] : {std::pair{"*", "*"},
                                       {"*", "bus-*"},
                                       {"*", "kiwi"},
                                       {"bus-*", "bus-*"},
                                       {"bus-*", "bus-7*"},
                                       {"bus-*", "bus-"},
                                       {"bus-*", "bus-7"},
                                       {"kiwi", "kiwi"}}) {
        CAPTURE(wide, narrow);
        CHECK(pattern(wide).covers(pattern(narrow)));
        const bool equal = std::string_view(wide) == narrow;
        CHECK(pattern(narrow).covers(pattern(wide)) == equal);
    }
    CHECK_FALSE(pattern("kiwi").covers(pattern("kiwi*")));
    CHECK_FALSE(pattern("bus-*").covers(pattern("b*")));
    CHECK_FALSE(pattern("bus-*").covers(pattern("tram-*")));
}

TEST_CASE("grant: what is no field of a line, or too long, is no pattern", "[herd]") {
    CHECK_FALSE(Pattern::parse(""));
    for (const char space : {' ', '\t', '\n', '\v', '\f', '\r'}) {
        CHECK_FALSE(Pattern::parse(std::string("a") + space + "b"));
        CHECK_FALSE(Pattern::parse(std::string(1, space)));
    }
    CHECK(Pattern::parse(std::string(Pattern::size_max, 'x')));
    CHECK_FALSE(Pattern::parse(std::string(Pattern::size_max + 1, 'x')));
    CHECK_FALSE(Pattern::parse(std::string(8'192, 'x')));
    CHECK(pattern(std::string_view("a\0b", 3)).covers(std::string_view("a\0b", 3)));
    CHECK_FALSE(pattern(std::string_view("a\0b", 3)).covers("a"));
}

TEST_CASE("grant: reporting and asking are two rights", "[herd]") {
    const auto may = [](const char* rights) {
        return Grant{.pattern = pattern("c"), .rights = *parse_rights(rights)};
    };
    CHECK(may("report").allows("c", Right::report));
    CHECK_FALSE(may("report").allows("c", Right::ask));
    CHECK(may("ask").allows("c", Right::ask));
    CHECK_FALSE(may("ask").allows("c", Right::report));
    CHECK(may("ask,report").allows("c", Right::report));
    CHECK(may("ask,report").allows("c", Right::ask));
    CHECK_FALSE(may("ask,report").allows("d", Right::ask));
    for (const auto* text : {"", ",", "reports", "Report", "report,", "report,report", "all"}) {
        CHECK_FALSE(parse_rights(text));
    }
    for (const auto* text : {"report", "ask", "report,ask"}) {
        CHECK(to_text(*parse_rights(text)) == text);
    }
}

TEST_CASE("grant: friends are of who may ask", "[herd]") {
    for (const auto* text : {"ask,friends", "report,ask,friends"}) {
        CHECK(to_text(*parse_rights(text)) == text);
        CHECK(parse_rights(text)->friends);
    }
    CHECK(to_text(*parse_rights("friends,report,ask")) == "report,ask,friends");
    for (const auto* text : {"friends", "report,friends", "ask,friends,friends", "ask,friend"}) {
        CHECK_FALSE(parse_rights(text));
    }
}

TEST_CASE("grant: it ends in its second, or never", "[herd]") {
    const Grant grant{.until_s = 100};
    CHECK_FALSE(grant.expired(99));
    CHECK(grant.expired(100));
    CHECK(grant.expired(101));
    CHECK_FALSE(Grant{}.expired(Grant::until_s_max + 1));
}

}  // namespace grant_test
