#include "protocol/json_scanner.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace json_scanner_test {

using protocol::JsonScanner;
using Token = JsonScanner::Token;

namespace {

std::string word_of(const JsonScanner& scanner, Token token) {
    const std::string text = std::string(scanner.text()) + (scanner.cut() ? "..." : "");
    switch (token) {
        case Token::none:
            return "";
        case Token::object:
            return "{";
        case Token::object_end:
            return "}";
        case Token::array:
            return "[";
        case Token::array_end:
            return "]";
        case Token::name:
            return text + ":";
        case Token::text:
            return "'" + text + "'";
        case Token::number:
        case Token::literal:
            return text;
        case Token::broken:
            return "!";
    }
    return "?";
}

// All tokens, a blank behind each, of a text that comes in pieces of that size.
std::string tokens(std::string_view json, std::size_t piece = 1) {
    JsonScanner scanner;
    std::string all;
    const auto tell = [&](Token token) {
        if (token != Token::none) all += word_of(scanner, token) + " ";
        return token != Token::none && token != Token::broken;
    };
    while (!json.empty()) {
        const auto fed = scanner.feed(json.substr(0, piece));
        json.remove_prefix(fed.consumed);
        if (!tell(fed.token) && fed.token == Token::broken) return all;
    }
    while (tell(scanner.finish())) {
    }
    return all;
}

}  // namespace

TEST_CASE("json scanner: tells what is there, in order, however it is cut", "[protocol][json]") {
    const std::string json =
        " {\"a\" : [1, -0.5e+7 ,\"x\\/\\u00e9\\ud83d\\ude97\\n\"], \"b\":{}, \"c\":[ ],"
        "\"d\":true,\"e\":null , \"\":false}\r\n";
    const std::string wanted =
        "{ a: [ 1 -0.5e+7 'x/\xc3\xa9\xf0\x9f\x9a\x97\n' ] b: { } c: [ ] d: true e: null : false "
        "} ";
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) CHECK(tokens(json, piece) == wanted);
    CHECK(tokens("12") == "12 ");
    CHECK(tokens(" \"x\" ") == "'x' ");
    CHECK(tokens("[0]") == "[ 0 ] ");
    CHECK(tokens("[12") == "[ 12 ! ");
}

TEST_CASE("json scanner: what is no JSON is refused where that shows", "[protocol][json]") {
    for (const char* bad : {"",
                            " ",
                            "{",
                            "{\"a\"",
                            "{\"a\":",
                            "{\"a\":1",
                            "{\"a\":1,",
                            "{\"a\":1,}",
                            "{a:1}",
                            "{\"a\" 1}",
                            "{\"a\":1 \"b\":2}",
                            "[1,]",
                            "[1 2]",
                            "[1}",
                            "{\"a\":1]",
                            "]",
                            "}",
                            "1 2",
                            "{}{}",
                            "01",
                            "+1",
                            "-",
                            "1.",
                            ".5",
                            "1e",
                            "1e+",
                            "-a",
                            "NaN",
                            "Infinity",
                            "nul",
                            "nulll",
                            "True",
                            "'a'",
                            "\"a",
                            "\"\n\"",
                            "\"\\x\"",
                            "\"\\u12g4\"",
                            "\"\\u12",
                            "\xef\xbb\xbf{}",
                            "\"\xff\"",
                            "\"\xc3\"",
                            "\"\xc0\xaf\"",
                            "\"\xe0\x80\xaf\"",
                            "\"\xed\xa0\x80\"",
                            "\"\xf4\x90\x80\x80\"",
                            "// x\n1",
                            "{\"lat\":NaN}"}) {
        INFO(bad);
        CHECK(tokens(bad).ends_with("! "));
        CHECK(tokens(bad, 100).ends_with("! "));
    }
    CHECK(tokens("{\"lat\":NaN}") == "{ lat: ! ");
}

TEST_CASE("json scanner: half of a pair is a replacement, and the text goes on",
          "[protocol][json]") {
    const std::string half = "\xef\xbf\xbd";
    CHECK(tokens(R"("\ud83d")") == "'" + half + "' ");
    CHECK(tokens(R"("a\ude97b")") == "'a" + half + "b' ");
    CHECK(tokens(R"("\ud83dx")") == "'" + half + "x' ");
    CHECK(tokens(R"("\ud83d\n")") == "'" + half + "\n' ");
    CHECK(tokens(R"("\ud83d\ud83d\ude97")") == "'" + half + "\xf0\x9f\x9a\x97' ");
    CHECK(tokens(R"("\ud83d\u0041")") == "'" + half + "A' ");
}

TEST_CASE("json scanner: nothing is nested deeper than 64", "[protocol][json]") {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    CHECK(tokens(nested(64)).ends_with("] "));
    CHECK(tokens(nested(65)).ends_with("! "));
    std::string objects;
    for (int i = 0; i < 64; ++i) objects += "{\"a\":";
    CHECK(tokens(objects + "1" + std::string(64, '}')).ends_with("} "));
    CHECK(tokens(objects + "{}" + std::string(64, '}')).ends_with("! "));
    CHECK(tokens(std::string(100'000, '[')).ends_with("! "));
}

TEST_CASE("json scanner: of a long text it keeps the first whole characters", "[protocol][json]") {
    const std::string fits(JsonScanner::text_max, 'x');
    CHECK(tokens("\"" + fits + "\"", 100) == "'" + fits + "' ");
    CHECK(tokens("\"" + fits + "y\"", 100) == "'" + fits + "...' ");
    const std::string most(JsonScanner::text_max - 1, 'x');
    CHECK(tokens("\"" + most + "\xc3\xa9\"", 100) == "'" + most + "...' ");
    CHECK(tokens("\"" + most + "\xf0\x9f\x9a\x97zzz\"") == "'" + most + "...' ");
    CHECK(tokens("\"" + most.substr(1) + "\xc3\xa9z\"") == "'" + most.substr(1) + "\xc3\xa9...' ");
    CHECK(tokens("[" + std::string(600, '1') + ",2]") ==
          "[ " + std::string(JsonScanner::text_max, '1') + "... 2 ] ");
    CHECK(tokens("{\"" + fits + "y\":1}") == "{ " + fits + "...: 1 } ");
}

}  // namespace json_scanner_test
