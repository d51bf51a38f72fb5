#pragma once

#include "herd/links/peer_link.hpp"
#include "herd/server.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <string>

// What a test needs that plays a neighbour.
namespace played {

// What the server tells whoever listens where its first neighbour should be: as in a line.
inline std::string cookie_of(const herd::Server& server) {
    std::uint64_t cookie = 0;
    server.neighbours().for_each([&](const auto& neighbour, const auto&) {
        if (cookie == 0) cookie = neighbour.cookie();
    });
    assert(cookie != 0);
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), cookie, 16).ptr;
    std::string text(digits.data(), end);
    return std::string(digits.size() - text.size(), '0') + text;
}

}  // namespace played
