#include "herd/access/grant.hpp"

#include "protocol/tokens.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::access {

std::optional<Pattern> Pattern::parse(std::string_view text) {
    if (text.empty() || text.size() > size_max) return std::nullopt;
    if (std::ranges::any_of(text, protocol::is_space)) return std::nullopt;
    Pattern pattern;
    std::ranges::copy(text, pattern.text_.begin());
    pattern.size_ = static_cast<std::uint8_t>(text.size());
    return pattern;
}

std::string_view Pattern::stem() const {
    std::string_view stem = text();
    if (is_prefix()) stem.remove_suffix(1);
    return stem;
}

bool Pattern::covers(std::string_view client) const {
    return is_prefix() ? client.starts_with(stem()) : client == text();
}

bool Pattern::covers(const Pattern& other) const {
    if (!other.is_prefix()) return covers(other.text());
    return is_prefix() && other.stem().starts_with(stem());
}

std::string_view to_text(Rights rights) {
    assert(rights.coherent());
    if (!rights.ask) return rights.report ? "report" : "";
    std::string_view text = rights.friends ? "report,ask,friends" : "report,ask";
    if (!rights.report) text.remove_prefix(std::string_view("report,").size());
    return text;
}

std::optional<Rights> parse_rights(std::string_view text) {
    Rights rights;
    const auto right_of = [&](std::string_view word) {
        if (word == "report") return &rights.report;
        if (word == "ask") return &rights.ask;
        return word == "friends" ? &rights.friends : nullptr;
    };
    while (true) {
        const std::size_t comma = text.find(',');
        bool* const right = right_of(text.substr(0, comma));
        if (right == nullptr || std::exchange(*right, true)) return std::nullopt;
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    if (!rights.coherent()) return std::nullopt;
    return rights;
}

}  // namespace herd::access
