#include "herd/config/text.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

namespace herd::config {

namespace {

constexpr std::size_t quoted_max = 60;  // bytes

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<reactor::Address> parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (bracketed != host.contains(':')) return std::nullopt;
    const auto port = parse_number(text.substr(colon + 1));
    if (!port || *port > UINT16_MAX) return std::nullopt;
    return reactor::Address::parse(host, static_cast<std::uint16_t>(*port));
}

std::string text_of(const reactor::Address& address) {
    std::array<char, reactor::address_text_size_max> text{};
    const std::string_view shown = address.text(text);
    assert(!shown.empty());
    return std::string(shown);
}

std::optional<Named> parse_named(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(0, colon);
    const auto port = parse_number(text.substr(colon + 1));
    if (!port || *port > UINT16_MAX || host.empty() || !is_host_name(host)) return std::nullopt;
    const std::string_view last = host.substr(host.rfind('.') + 1);
    const bool plain = host.front() != '.' && host.front() != '-' && !host.contains("..");
    if (!plain || last.empty() || parse_number(last)) return std::nullopt;
    return Named{host, static_cast<std::uint16_t>(*port)};
}

std::optional<std::vector<reactor::Address>> parse_addresses(std::string_view text) {
    std::vector<reactor::Address> addresses;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) return addresses;
        const std::string_view word = text.substr(0, text.find(' '));
        const auto address = parse_address(word);
        if (!address) return std::nullopt;
        addresses.push_back(*address);
        text.remove_prefix(word.size());
    }
}

std::string text_of(std::span<const reactor::Address> addresses) {
    std::string text;
    for (const reactor::Address& address : addresses) {
        text += (text.empty() ? "" : " ") + text_of(address);
    }
    return text;
}

std::optional<reactor::Address> parse_http_address(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    if (url.ends_with('/')) url.remove_suffix(1);
    if (const auto address = parse_address(url)) return address;
    return parse_address(std::string(url) + ":80");
}

bool is_host_name(std::string_view text) {
    return text.size() <= 253 && std::ranges::all_of(text, [](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
           });
}

std::string listed(std::span<const std::string> names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, quoted_max)) out += c >= ' ' && c <= '~' ? c : '?';
    assert(out.size() <= quoted_max + 1);
    return out + (text.size() > quoted_max ? "...\"" : "\"");
}

}  // namespace herd::config
