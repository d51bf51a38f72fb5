#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/web/position_json.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/loop.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::map {

// Finds clients by a part of their names, whatever the case of its letters: those that begin with
// it first. It goes through the whole table, a bounded number of slots in an iteration, one search
// after the other, and then answers as JSON. Owned by the server's Operations; in `out`, which
// outlives it, there is room for an answer. Nothing here allocates.
class Finder {
public:
    static constexpr std::size_t wanted_max = 64;  // bytes
    static constexpr std::size_t found_max = 12;
    static constexpr std::size_t searches_max = 8;
    static constexpr std::uint32_t looks_per_turn = 2048;

    Finder(Core& core, std::span<char> out);

    // Answers the request at hand, later. False: it cannot, as too many wait.
    bool begin(http::Connection& connection, std::string_view wanted, const access::Grant& grant);
    // That one will have no answer any more.
    void leave(const http::Connection& connection);

private:
    struct Search {
        http::Connection* connection = nullptr;  // Null: there is none.
        access::Grant grant;
        std::array<char, wanted_max> wanted{};  // in small letters
        std::uint8_t wanted_size = 0;
        std::uint8_t count = 0;
        std::uint8_t begin_count = 0;  // of those, that begin with it; they come first
        std::uint32_t at = 0;          // Slots below this have been looked at.
        std::array<std::uint32_t, found_max> found{};
    };

    void run();
    void look(Search& search, std::uint32_t slot) const;
    void answer(Search& search);

    Core& core_;
    std::span<char> out_;
    std::array<Search, searches_max> searches_{};
    std::size_t first_ = 0;  // The oldest of those that wait,
    std::size_t count_ = 0;  // and how many they are; some may have left.
    reactor::Task task_;
};

// What is told of the client in a used slot, as JSON: its slot, its position (web::put_position)
// and the age of that in seconds. Bytes of it at most, of an AT line of that size.
void put_client(protocol::TextWriter& out, Core& core, std::uint32_t slot);
constexpr std::size_t client_size_max(std::size_t line_size) {
    return web::position_size_max(line_size) + 64;
}

}  // namespace herd::map
