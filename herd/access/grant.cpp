#include "herd/access/grant.hpp"

#include "protocol/tokens.hpp"

#include <algorithm>

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
    if (rights.report) return rights.ask ? "report,ask" : "report";
    return rights.ask ? "ask" : "";
}

std::optional<Rights> parse_rights(std::string_view text) {
    if (text == "report,ask" || text == "ask,report") return Rights{.report = true, .ask = true};
    if (text == "report") return Rights{.report = true};
    if (text == "ask") return Rights{.ask = true};
    return std::nullopt;
}

}  // namespace herd::access
