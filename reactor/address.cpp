#include "reactor/address.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace reactor {

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
    if (host == "localhost") return loopback(port);
    std::array<char, 64> text{};  // inet_pton wants a terminated string.
    if (host.size() >= text.size() || host.contains('\0')) return std::nullopt;
    std::copy(host.begin(), host.end(), text.begin());
    Address address;
    address.port = port;
    if (inet_pton(AF_INET, text.data(), address.bytes.data()) == 1) return address;
    address.v6 = true;
    if (inet_pton(AF_INET6, text.data(), address.bytes.data()) == 1) return address.unmapped();
    return std::nullopt;
}

Address Address::unmapped() const {
    constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const auto behind = std::ranges::mismatch(prefix, bytes);
    if (!v6 || behind.in1 != prefix.end()) return *this;
    Address shorter{.port = port};
    std::copy(behind.in2, bytes.end(), shorter.bytes.begin());
    return shorter;
}

bool Address::is_loopback() const {
    return v6 ? bytes ==
                    std::array<std::uint8_t, 16>{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}
              : bytes[0] == 127;
}

std::string_view Address::network() const {
    constexpr std::size_t v4_size = 4;
    constexpr std::size_t v6_prefix_size = 8;
    return {reinterpret_cast<const char*>(bytes.data()), v6 ? v6_prefix_size : v4_size};
}

bool Address::is_wildcard() const {
    return bytes == std::array<std::uint8_t, 16>{};
}

std::string_view Address::text(std::span<char> out) const {
    assert(out.size() >= address_text_size_max);
    char* end = out.data();
    if (v6) *end++ = '[';
    const char* host = inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), end, INET6_ADDRSTRLEN);
    assert(host != nullptr);
    end += std::strlen(host);
    if (v6) *end++ = ']';
    *end++ = ':';
    end = std::to_chars(end, out.data() + out.size(), port).ptr;
    return {out.data(), static_cast<std::size_t>(end - out.data())};
}

}  // namespace reactor
