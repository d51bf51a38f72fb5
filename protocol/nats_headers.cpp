#include "protocol/nats_headers.hpp"

#include "protocol/digits.hpp"
#include "protocol/nats_text.hpp"

#include <algorithm>
#include <cstddef>

namespace protocol::nats {

namespace {

std::string_view take_line(std::string_view& lines) {
    const std::size_t end = lines.find(crlf);
    if (end == std::string_view::npos) return {};
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + crlf.size());
    return line;
}

}  // namespace

std::optional<Headers> Headers::parse(std::string_view block) {
    if (!block.starts_with(headers_version) || !block.ends_with("\r\n\r\n")) return std::nullopt;
    Headers headers;
    std::string_view first = take_line(block).substr(headers_version.size());
    if (!first.empty() && first.front() != ' ') return std::nullopt;
    first = trim(first);
    if (!first.empty()) {
        constexpr std::size_t status_digits = 3;
        const bool digits =
            first.size() >= status_digits && std::ranges::all_of(first.substr(0, 3), is_digit);
        if (!digits || (first.size() > status_digits && first[status_digits] != ' ')) {
            return std::nullopt;
        }
        for (const char digit : first.substr(0, status_digits)) {
            headers.status_ = headers.status_ * 10 + static_cast<std::uint32_t>(digit - '0');
        }
        headers.description_ = trim(first.substr(status_digits));
    }
    headers.lines_ = block;
    while (block.size() > crlf.size()) {
        const std::string_view line = take_line(block);
        const std::size_t colon = line.find(':');
        if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    }
    return block == crlf ? std::optional(headers) : std::nullopt;
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    std::string_view left = lines_;
    while (left.size() > crlf.size()) {
        const std::string_view line = take_line(left);
        const std::size_t colon = line.find(':');
        if (line.substr(0, colon) == name) return trim(line.substr(colon + 1));
    }
    return std::nullopt;
}

}  // namespace protocol::nats
