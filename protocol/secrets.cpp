#include "protocol/secrets.hpp"

#include "protocol/tokens.hpp"

#include <algorithm>
#include <array>

namespace protocol {

namespace {

struct Kind {
    std::string_view word;
    int open;  // fields that are no secret, the word among them
};
constexpr std::array kinds = {
    Kind{"HELLO", 6},   // then the two cookies
    Kind{"COOKIE", 1},  // then a cookie
};

// Whether somebody may have meant AUTH, and what follows is a token.
bool is_like_auth(std::string_view word) {
    constexpr std::string_view name = "auth";
    constexpr char small = 'a' - 'A';
    return std::ranges::equal(word.substr(0, name.size()), name, [](char byte, char letter) {
        return byte == letter || byte + small == letter;
    });
}

}  // namespace

std::string_view without_secrets(std::string_view line) {
    Tokens fields(line);
    std::string_view field = fields.next();
    if (field == "?") field = fields.next();
    if (is_like_auth(field)) return span_of(line, field.substr(0, 4));
    const auto* const kind = std::ranges::find(kinds, field, &Kind::word);
    if (kind == kinds.end()) return line;
    for (int i = 1; i < kind->open; ++i) {
        const std::string_view next = fields.next();
        if (next.empty()) return line;
        field = next;
    }
    return fields.rest().empty() ? line : span_of(line, field);
}

}  // namespace protocol
