#pragma once

#include "herd/table/location_table.hpp"
#include "protocol/malformed.hpp"
#include "reactor/lines.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <new>
#include <span>
#include <string_view>

namespace herd::table {

// The next few lines of what was read, parsed before the first of them is executed: so the memory
// that their clients' records need is on its way while others are handled. In a big table each
// would otherwise wait for it several times over.
// One serves a whole server; what it holds is valid until the next take().
template <class Message, auto parse>
class LineBatch {
public:
    static constexpr std::size_t size_max = 32;
    static_assert(size_max <= geo::KeyTree::moves_max);

    struct Line {
        std::string_view text;
        std::size_t end = 0;     // in the input, behind its newline
        LocationTable::Key key;  // of the client in it
        // Nothing has been read yet.
        std::expected<Message, protocol::Malformed> message{std::unexpect,
                                                            protocol::Malformed::unknown_command};

        void read(std::string_view line, const LocationTable& table) {
            text = line;
            // Parsed in place: a copy of what has just been written is slow.
            std::destroy_at(&message);
            new (&message) auto(parse(line));
            key = message ? table.key(client_of(*message)) : LocationTable::Key{};
        }
    };

    // At most `most` lines, and fewer than that and size_max only if there is no other complete
    // line.
    std::span<const Line> take(reactor::Lines& lines,
                               const LocationTable& table,
                               std::size_t most = size_max) {
        std::size_t size = 0;
        most = std::min(most, size_max);
        while (size < most) {
            const auto text = lines.take();
            if (!text) break;
            Line& line = lines_[size++];
            line.read(*text, table);
            line.end = lines.taken();
            table.fetch_place(line.key);
        }
        return fetch(size, table);
    }
    // The same of lines that came each by itself, at most size_max of them.
    std::span<const Line> take(std::span<const std::string_view> texts,
                               const LocationTable& table) {
        assert(texts.size() <= size_max);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            lines_[i].read(texts[i], table);
            lines_[i].end = 0;
            table.fetch_place(lines_[i].key);
        }
        return fetch(texts.size(), table);
    }

private:
    std::span<const Line> fetch(std::size_t size, const LocationTable& table) {
        const std::span batch = std::span(lines_).first(size);
        for (Line& line : batch) table.fetch_record(line.key);
        for (const Line& line : batch) table.fetch_neighbours(line.key);
        if (size == 1) return batch;  // It waits for what it needs, be it here or there.
        LocationTable::Moves moves;
        for (Line& line : batch) {
            const auto* const to = line.message ? position_in(*line.message) : nullptr;
            if (to != nullptr) table.add_move(moves, line.key, *to);
        }
        table.fetch(moves);
        return batch;
    }

    std::array<Line, size_max> lines_{};
};

}  // namespace herd::table
