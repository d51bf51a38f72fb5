#pragma once

#include "protocol/at_line.hpp"
#include "protocol/iso6709.hpp"

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace herd::table {

inline constexpr std::uint32_t no_record = UINT32_MAX;

// The newest report of one client, in a slot that never moves: its AT line as it is answered and
// relayed, where in the line each field ends, and its place in the change feed.
// Owned by the LocationTable. All zero: never used.
struct Record {
    static constexpr std::size_t inline_size_max = 104;

    // These stand in one line of memory: 160 is a multiple of 32.
    std::uint64_t seq;          // of the change that brought it; 0: the slot is unused
    std::int64_t effective_ns;  // when it counts as made: rules::effective of its line
    protocol::Spot spot;        // of its location

    std::uint64_t digest;    // of the line, as the table's digest has it; 0: it has none
    std::uint32_t previous;  // in the change feed
    std::uint32_t next;
    std::uint32_t source;      // the neighbour incarnation it came from; 0: a client of ours
    std::uint16_t line_size;   // without a newline
    std::uint16_t server_end;  // offsets into the line
    std::uint16_t skew_end;
    std::uint16_t client_end;
    std::uint16_t location_end;
    std::uint16_t bucket;  // of the table's digest
    // The line; of one that is longer than this, the number of the long line that has it.
    char text[inline_size_max];

    bool is_long() const { return line_size > inline_size_max; }
    // The server that its line names.
    std::string_view server(std::string_view line) const {
        return line.substr(protocol::at_prefix.size(), server_end - protocol::at_prefix.size());
    }
};

static_assert(sizeof(Record) == 160);
static_assert(std::is_trivial_v<Record>);  // It stands in pages that are zero.

}  // namespace herd::table
