#pragma once

#include "reactor/address.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// How values of the configuration are written. For start-up: these allocate.
namespace herd::config {

// Decimal digits and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);

// "127.0.0.1:12001", "localhost:12001" or "[::1]:12001".
std::optional<reactor::Address> parse_address(std::string_view text);
std::string text_of(const reactor::Address& address);

// "alpha.example.org:12101": the name of a host, whose last part is no number, and a port. A view
// of the text.
struct Named {
    std::string_view host;
    std::uint16_t port;
};
std::optional<Named> parse_named(std::string_view text);

// Several of them, with blanks between; nothing: one is none.
std::optional<std::vector<reactor::Address>> parse_addresses(std::string_view text);
std::string text_of(std::span<const reactor::Address> addresses);

// "http://127.0.0.1:12080", with or without a slash behind: the address; nothing for a URL of
// another kind.
std::optional<reactor::Address> parse_http_address(std::string_view url);

// What a text may be: anything, or anything but nothing.
constexpr bool is_any(std::string_view) {
    return true;
}
constexpr bool is_not_empty(std::string_view text) {
    return !text.empty();
}
// Letters, digits, dots and hyphens, at most 253 of them, perhaps none.
bool is_host_name(std::string_view text);

// "one, another, a third".
std::string listed(std::span<const std::string> names);

// In double quotes, for a message of one line: what is not printable is replaced, a long text cut.
std::string quoted(std::string_view text);

}  // namespace herd::config
