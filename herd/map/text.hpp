#pragma once

#include "herd/config/config.hpp"
#include "herd/watch/status.hpp"
#include "protocol/text_writer.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace herd::map {

// What a viewer is told first.
struct Hello {
    std::string_view server;
    std::uint64_t epoch;
    bool whole;            // What it was told before is void.
    std::uint32_t follow;  // the slot of the client it follows, or table::no_record
    std::span<const config::Server> servers;
};

// Both as JSON, in one line.
void write_hello(protocol::TextWriter& out, const Hello& hello);
void write_state(protocol::TextWriter& out,
                 const watch::Status& status,
                 bool ready,
                 std::uint32_t viewers,
                 std::int64_t wall_ns);

}  // namespace herd::map
