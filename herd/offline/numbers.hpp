#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <system_error>

namespace herd::offline {

// The whole text as a number; no blanks, no plus sign, nothing that is not finite.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    if (!std::isfinite(static_cast<double>(value))) return std::nullopt;
    return value;
}

}  // namespace herd::offline
