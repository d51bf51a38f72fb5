// JSON in pieces: however a text is cut, it gives the same tokens, and they are what RapidJSON
// finds in the whole of it; what RapidJSON refuses is refused. Three things are meant to be
// different: how deep it may be nested; numbers beyond a double, which are texts here; and half of
// a pair of \uXXXX, which RapidJSON refuses or makes three bytes that are no character.
#include "protocol/json_scanner.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

namespace json_scanner_fuzz {

namespace {

using protocol::JsonScanner;
using Token = JsonScanner::Token;

void tell(std::string& all, Token token, std::string_view text, bool cut) {
    all += static_cast<char>('a' + static_cast<int>(token));
    const bool has_text = token >= Token::name && token <= Token::literal;
    if (has_text) all.append(text).append(cut ? "!" : ".");
    all += '\n';
}

// NOLINTBEGIN(readability-identifier-naming): RapidJSON names them.
class Model {
public:
    bool StartObject() { return open(Token::object); }
    bool EndObject(rapidjson::SizeType) { return close(Token::object_end); }
    bool StartArray() { return open(Token::array); }
    bool EndArray(rapidjson::SizeType) { return close(Token::array_end); }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        return take(Token::name, {text, size});
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return take(Token::text, {text, size});
    }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return take(Token::number, {text, size});
    }
    bool Null() { return take(Token::literal, "null"); }
    bool Bool(bool value) { return take(Token::literal, value ? "true" : "false"); }
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    std::string all;
    bool too_deep = false;

private:
    bool open(Token token) {
        too_deep = too_deep || ++depth_ > JsonScanner::depth_max;
        return take(token, {});
    }
    bool close(Token token) {
        --depth_;
        return take(token, {});
    }
    bool take(Token token, std::string_view text) {
        std::string whole(text);
        // A second half without a first one.
        for (std::size_t i = 0; i + 2 < whole.size(); ++i) {
            const bool is_half =
                whole[i] == '\xed' && static_cast<unsigned char>(whole[i + 1]) > 0x9f;
            if (is_half) whole.replace(i, 3, "\xef\xbf\xbd");
        }
        std::size_t size = std::min(whole.size(), JsonScanner::text_max);
        const auto within = [&] {
            return size > 0 && size < whole.size() && (whole[size] & '\xc0') == '\x80';
        };
        while (within()) --size;
        tell(all, token, std::string_view(whole).substr(0, size), size < whole.size());
        return true;
    }

    std::size_t depth_ = 0;
};
// NOLINTEND(readability-identifier-naming)

// All tokens; empty: it was refused.
std::string scan(std::string_view json, std::size_t piece) {
    JsonScanner scanner;
    std::string all;
    while (!json.empty()) {
        const auto fed = scanner.feed(json.substr(0, piece));
        json.remove_prefix(fed.consumed);
        if (fed.token == Token::broken) return {};
        assert(fed.consumed > 0 || fed.token == Token::number);
        if (fed.token != Token::none) tell(all, fed.token, scanner.text(), scanner.cut());
    }
    while (true) {
        const Token token = scanner.finish();
        if (token == Token::broken) return {};
        if (token == Token::none) return all;
        tell(all, token, scanner.text(), scanner.cut());
    }
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    const std::string found = scan(json, size + 1);
    assert(scan(json, 1) == found);
    assert(scan(json, 1 + size % 7) == found);

    constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag |
                               rapidjson::kParseIterativeFlag;
    rapidjson::MemoryStream source(json.data(), json.size());
    rapidjson::Reader reader;
    Model model;
    const rapidjson::ParseResult result = reader.Parse<flags>(source, model);
    const bool differs = result.Code() == rapidjson::kParseErrorNumberTooBig ||
                         result.Code() == rapidjson::kParseErrorStringUnicodeSurrogateInvalid;
    if (differs) return;
    const bool taken = !result.IsError() && source.Tell() == size && !model.too_deep;
    assert(found == (taken ? model.all : ""));
}

}  // namespace json_scanner_fuzz
