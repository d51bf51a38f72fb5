#pragma once

#include <string_view>

// What lines of NATS, either way, have in common.
namespace protocol::nats {

inline constexpr std::string_view crlf = "\r\n";
inline constexpr std::string_view headers_version = "NATS/1.0";

// A subject may have any other byte: who publishes chooses it, and brokers look at none.
constexpr bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace protocol::nats
