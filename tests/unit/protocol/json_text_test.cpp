#include "protocol/json_text.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <array>
#include <string>

namespace json_text_test {

namespace {

std::string json(std::string_view text) {
    std::array<char, 2048> out{};
    protocol::TextWriter writer(out);
    protocol::put_json_text(writer, text);
    CHECK_FALSE(writer.overflowed());
    CHECK(writer.size() <= protocol::json_text_size_max(text.size()));
    return std::string(writer.text());
}

// As a reader has it that is strict about UTF-8; "fails" when it does not take it.
std::string read(const std::string& text) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    if (document.HasParseError() || !document.IsString()) return "fails";
    return {document.GetString(), document.GetStringLength()};
}

}  // namespace

TEST_CASE("json text: what needs escapes has them", "[protocol][json_text]") {
    CHECK(json("kiwi.cs.ucla.edu") == "\"kiwi.cs.ucla.edu\"");
    CHECK(json("a\"b\\c") == R"("a\"b\\c")");
    CHECK(json(std::string_view("\0\n\x1f\x7f", 4)) == "\"\\u0000\\u000a\\u001f\x7f\"");
    CHECK(json("") == "\"\"");
    CHECK(json("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x91") ==
          "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x91\"");
}

TEST_CASE("json text: whatever the bytes, it is one string of valid UTF-8",
          "[protocol][json_text]") {
    const std::string instead = "\xef\xbf\xbd";
    CHECK(json("\xff") == "\"" + instead + "\"");
    CHECK(json("\xc0\xaf") == "\"" + instead + instead + "\"");
    CHECK(json("\xed\xa0\x80") == "\"" + instead + instead + instead + "\"");
    CHECK(json("\xf4\x90\x80\x80").size() == 2 + 4 * instead.size());
    CHECK(json("\xe2\x82") == "\"" + instead + instead + "\"");
    // Each pair, alone and in front of something.
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            std::string text{static_cast<char>(first), static_cast<char>(second)};
            REQUIRE(read(json(text)) != "fails");
            text += "\x80z";
            REQUIRE(read(json(text)).ends_with('z'));
        }
    }
}

}  // namespace json_text_test
