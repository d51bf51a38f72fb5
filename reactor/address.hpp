#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace reactor {

// An Internet address and a TCP port, in host order. IPv4 uses the first four bytes.
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    bool v6 = false;
    std::uint16_t port = 0;

    // `host` is numeric, or "localhost"; no name is looked up. IPv4 in the form of IPv6 is IPv4.
    static std::optional<Address> parse(std::string_view host, std::uint16_t port);
    static Address loopback(std::uint16_t port) { return {{127, 0, 0, 1}, false, port}; }

    // The address of IPv4 that it is in the form of IPv6, if it is one; else itself.
    Address unmapped() const;
    bool is_loopback() const;
    // The part of it that its owner cannot choose: of IPv6 the first half, which is what one
    // subscriber has. Valid as long as this.
    std::string_view network() const;
    // To listen on, but not to be reached at: 0.0.0.0 or [::].
    bool is_wildcard() const;

    // "127.0.0.1:12001" or "[::1]:12001" into `out` (address_text_size_max).
    std::string_view text(std::span<char> out) const;

    friend bool operator==(const Address&, const Address&) = default;
};

inline constexpr std::size_t address_text_size_max = 56;

}  // namespace reactor
