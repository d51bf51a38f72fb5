#include "protocol/tokens.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace protocol {
namespace {

std::vector<std::string> split(std::string_view line) {
    std::vector<std::string> fields;
    Tokens tokens(line);
    for (auto field = tokens.next(); !field.empty(); field = tokens.next()) {
        fields.emplace_back(field);
    }
    return fields;
}

using Fields = std::vector<std::string>;

TEST_CASE("tokens: of all bytes exactly six are white space", "[protocol][tokens]") {
    for (int byte = 0; byte < 256; ++byte) {
        const bool expected =
            " \t\r\n\f\v"sv.find(static_cast<char>(byte)) != std::string_view::npos;
        CAPTURE(byte);
        CHECK(is_space(static_cast<char>(byte)) == expected);
    }
}

TEST_CASE("tokens: each kind of white space separates, alone and in runs", "[protocol][tokens]") {
    for (const char byte : " \t\r\n\f\v"sv) {
        const std::string one(1, byte);
        CHECK(split("a" + one + "b") == Fields{"a", "b"});
        CHECK(split(one + "a" + one + one + "b" + one) == Fields{"a", "b"});
    }
    CHECK(split(" \t\r\n\f\va \t\r\n\f\vb \t\r\n\f\v") == Fields{"a", "b"});
}

TEST_CASE("tokens: a line without fields has none", "[protocol][tokens]") {
    CHECK(split("").empty());
    CHECK(split(std::string_view()).empty());
    CHECK(split(" \t\r\n\f\v").empty());
}

TEST_CASE("tokens: what Unicode or Python calls white space stays in its field",
          "[protocol][tokens]") {
    const std::string nbsp = "a\u00a0b";
    const std::string line_separator = "a\u2028b";
    const std::string next_line = "a\u0085b";
    const std::string controls =
        "a\x1c\x1d\x1e\x1f"
        "b";
    const std::string nul("a\0b", 3);
    for (const auto& field : {nbsp, line_separator, next_line, controls, nul}) {
        CHECK(split(" " + field + " ") == Fields{field});
    }
}

TEST_CASE("tokens: fields are views into the line", "[protocol][tokens]") {
    const std::string line = "  one two";
    Tokens tokens(line);
    CHECK(tokens.next().data() == line.data() + 2);
    CHECK(tokens.next().data() == line.data() + 6);
}

TEST_CASE("tokens: behind the end there is nothing, again and again", "[protocol][tokens]") {
    Tokens tokens("a");
    tokens.next();
    CHECK(tokens.next().empty());
    CHECK(tokens.next().empty());
    CHECK(tokens.rest().empty());
}

TEST_CASE("tokens: the rest keeps its inner white space and loses the outer",
          "[protocol][tokens]") {
    Tokens tokens("ERR \t one  two \r\n");
    tokens.next();
    CHECK(tokens.rest() == "one  two");
    CHECK(tokens.next() == "one");
    CHECK(tokens.rest() == "two");
}

TEST_CASE("tokens: any line splits at any index into the same fields when joined by a blank",
          "[protocol][tokens]") {
    const std::string line = "\tIAMAT  kiwi\f+34-118\v\r1 ";
    for (std::size_t i = 0; i <= line.size(); ++i) {
        Fields parts = split(line.substr(0, i));
        const Fields second = split(line.substr(i));
        parts.insert(parts.end(), second.begin(), second.end());
        CHECK(split(line.substr(0, i) + " " + line.substr(i)) == parts);
    }
}

}  // namespace
}  // namespace protocol
