#pragma once

#include "protocol/digits.hpp"
#include "protocol/json_scanner.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace protocol {

// Where a walk through a JSON text is: the names of the objects that it stands in, with points
// between them. The elements of an array are where it is itself. Of a path longer than `size_max`
// the end is missing.
class JsonPath {
public:
    static constexpr std::size_t size_max = 128;

    void enter() {
        if (depth_ < ends_.size()) ends_[depth_] = size_;
        ++depth_;
    }
    void leave() {
        --depth_;
        if (depth_ < ends_.size()) size_ = ends_[depth_];
    }
    // Of the member that comes.
    void name(std::string_view text) {
        size_ = depth_ > 0 && depth_ <= ends_.size() ? ends_[depth_ - 1] : size_;
        if (size_ > 0) put(".");
        put(text);
    }
    std::string_view text() const { return {bytes_.data(), size_}; }

private:
    void put(std::string_view text) {
        size_ += static_cast<std::uint8_t>(text.copy(bytes_.data() + size_, size_max - size_));
    }

    std::array<char, size_max> bytes_{};
    std::array<std::uint8_t, JsonScanner::depth_max> ends_{};  // Where each level's names begin.
    std::size_t depth_ = 0;
    std::uint8_t size_ = 0;
};

// A number, a text, or true, false or null, of a JSON text.
struct JsonLeaf {
    std::string_view path;
    std::string_view text;
    JsonScanner::Token token;
    bool cut;  // a text longer than JsonScanner::text_max

    bool is_text(std::string_view at) const {
        return path == at && token == JsonScanner::Token::text && !cut;
    }
    // A whole number that fits, at that place.
    std::optional<std::uint64_t> number(std::string_view at) const {
        if (path != at || token != JsonScanner::Token::number) return std::nullopt;
        constexpr std::size_t digits_max = 19;
        const char* const end = text.data() + text.size();
        const Digits digits = read_digits(text.data(), end);
        if (digits.end != end || text.size() > digits_max) return std::nullopt;
        return digits.value;
    }
    std::optional<bool> truth(std::string_view at) const {
        if (path != at || token != JsonScanner::Token::literal || text == "null") return {};
        return text == "true";
    }
};

// Calls visit(const JsonLeaf&) for each of a whole JSON text, in order; false: it is none, which
// may show when some have been told already.
template <class Visit>
bool walk_json(std::string_view json, Visit visit) {
    using Token = JsonScanner::Token;
    JsonScanner scanner;
    JsonPath path;
    const auto take = [&](Token token) {
        if (token == Token::object || token == Token::array) return path.enter();
        if (token == Token::object_end || token == Token::array_end) return path.leave();
        if (token == Token::name) return path.name(scanner.text());
        if (token == Token::none || token == Token::broken) return;
        visit(JsonLeaf{path.text(), scanner.text(), token, scanner.cut()});
    };
    while (!json.empty()) {
        const auto fed = scanner.feed(json);
        if (fed.token == Token::broken) return false;
        json.remove_prefix(fed.consumed);
        take(fed.token);
    }
    Token last = scanner.finish();
    for (; last != Token::none && last != Token::broken; last = scanner.finish()) take(last);
    return last == Token::none;
}

}  // namespace protocol
