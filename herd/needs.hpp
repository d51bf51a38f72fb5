#pragma once

#include "herd/config/config.hpp"
#include "herd/table/location_table.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/loop.hpp"
#include "reactor/wire.hpp"

#include <cstdint>

// What a server takes of the machine and of the parts below it, by its configuration.
namespace herd {

// The loop that a server of this configuration needs.
reactor::Loop::Limits loop_limits(const config::Config& config);

// Descriptors that it may hold at a time.
std::uint64_t descriptors(const config::Config& config);

// The streams' buffers, whose send buffer holds the longest answer.
reactor::Wire::Limits wire_limits(const config::Config& config);

// The handshakes, where connections are sealed.
reactor::Handshakes::Limits handshake_limits(const config::Limits& limits);

// The table, whose lines have room for the AT line of the longest command.
table::LocationTable::Capacity table_capacity(const config::Config& config);

// All memory that a server of this configuration can ever touch through its own limits, in bytes,
// to the next megabyte. What libcurl and the C library take comes on top: a few megabytes.
std::uint64_t memory_ceiling(const config::Config& config);

// Of that, what TLS takes: mostly what OpenSSL allocates for each connection.
std::uint64_t tls_memory(const config::Config& config);

// Of that, what the stored clients take.
std::uint64_t table_memory(const config::Config& config);

// All that its journal, if it keeps one, may take of the disk, in bytes: three times a full table,
// and what two files may have beside.
std::uint64_t journal_room(const config::Config& config);

}  // namespace herd
