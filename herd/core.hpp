#pragma once

#include "herd/config.hpp"
#include "herd/counters.hpp"
#include "herd/line_group.hpp"
#include "herd/location_table.hpp"
#include "herd/log.hpp"
#include "herd/places.hpp"
#include "herd/rules.hpp"
#include "protocol/command.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <string_view>

namespace herd {

class Barrier;
struct ClientHost;
class Journal;

using CommandGroup = LineGroup<protocol::Command, protocol::parse_command>;
using MessageGroup = LineGroup<protocol::PeerMessage, protocol::parse_peer_message>;

// What all connections of one server work with. Owned by the Server; outlives them all.
struct Core {
    reactor::Loop& loop;
    reactor::Wire& wire;
    LocationTable& table;
    Log& log;
    Counters& counters;
    Places& places;
    const Limits& limits;
    std::string_view name;          // of this server
    std::uint64_t epoch;            // of this run: 64 random bits
    std::int64_t max_future_ns;     // 0: off
    std::int64_t ttl_ns = 0;        // 0: off
    ClientHost* clients = nullptr;  // null: clients have no access
    Barrier* barrier = nullptr;     // null: nobody waits for the neighbours
    Journal* journal = nullptr;     // null: positions are kept in memory only
    CommandGroup commands{};        // what is read ahead, of one client
    MessageGroup messages{};        // and of one neighbour

    bool expired(std::int64_t stamp_ns, std::int64_t wall_ns) const {
        return rules::expired(stamp_ns, wall_ns, ttl_ns);
    }
    // By the clock, now.
    bool expired(std::int64_t stamp_ns) const {
        return ttl_ns > 0 && expired(stamp_ns, reactor::sys::wall_ns());
    }
    bool too_far_ahead(std::int64_t skew_ns, std::int64_t stamp_ns) const {
        return rules::too_far_ahead(skew_ns, stamp_ns, max_future_ns);
    }
};

}  // namespace herd
