#pragma once

#include "herd/location_table.hpp"
#include "protocol/malformed.hpp"
#include "reactor/lines.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <span>
#include <string_view>

namespace herd {

// The next few lines of what was read, parsed before the first of them is executed: so the memory
// that their clients' records need is on its way while others are handled. In a big table each
// would otherwise wait for it several times over.
// One serves a whole server; what it holds is valid until the next take().
template <class Message, auto parse>
class LineGroup {
public:
    static constexpr std::size_t size_max = 32;

    struct Line {
        std::string_view text;
        std::size_t end = 0;     // in the input, behind its newline
        std::uint64_t hash = 0;  // of the client in it; LocationTable::hash
        std::expected<Message, protocol::Malformed> message{};

        void read(std::string_view line, const LocationTable& table) {
            text = line;
            // Parsed in place: a copy of what has just been written is slow.
            std::destroy_at(&message);
            new (&message) auto(parse(line));
            hash = message ? table.hash(client_of(*message)) : 0;
        }
    };

    // Empty when there is no complete line.
    std::span<const Line> take(reactor::Lines& lines, const LocationTable& table) {
        std::size_t size = 0;
        while (size < size_max) {
            const auto text = lines.take();
            if (!text) break;
            Line& line = lines_[size++];
            line.read(*text, table);
            line.end = lines.taken();
            table.fetch_place(line.hash);
        }
        std::array<std::uint32_t, size_max> slots;
        for (std::size_t i = 0; i < size; ++i) slots[i] = table.fetch_record(lines_[i].hash);
        for (std::size_t i = 0; i < size; ++i) table.fetch_neighbours(slots[i]);
        return std::span(lines_).first(size);
    }

private:
    std::array<Line, size_max> lines_{};
};

}  // namespace herd
