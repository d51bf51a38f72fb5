#pragma once

#include "herd/config/config.hpp"
#include "herd/log.hpp"
#include "herd/places/places.hpp"
#include "herd/table/line_group.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/rules.hpp"
#include "herd/watch/counters.hpp"
#include "protocol/command.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <string_view>

namespace herd::clients {
struct ClientHost;
}
namespace herd::journal {
class Journal;
}
namespace herd::links {
class Barrier;
}

namespace herd {

using CommandGroup = table::LineGroup<protocol::Command, protocol::parse_command>;
using MessageGroup = table::LineGroup<protocol::PeerMessage, protocol::parse_peer_message>;

// What all connections of one server work with. Owned by the Server; outlives them all.
struct Core {
    reactor::Loop& loop;
    reactor::Wire& wire;
    table::LocationTable& table;
    Log& log;
    watch::Counters& counters;
    places::Places& places;
    const config::Limits& limits;
    std::string_view name;                   // of this server
    std::uint64_t epoch;                     // of this run: 64 random bits
    std::int64_t max_future_ns;              // 0: off
    std::int64_t ttl_ns = 0;                 // 0: off
    clients::ClientHost* clients = nullptr;  // null: clients have no access
    links::Barrier* barrier = nullptr;       // null: nobody waits for the neighbours
    journal::Journal* journal = nullptr;     // null: positions are kept in memory only
    CommandGroup commands{};                 // what is read ahead, of one client
    MessageGroup messages{};                 // and of one neighbour

    bool expired(std::int64_t stamp_ns, std::int64_t wall_ns) const {
        return table::rules::expired(stamp_ns, wall_ns, ttl_ns);
    }
    // By the clock, now.
    bool expired(std::int64_t stamp_ns) const {
        return ttl_ns > 0 && expired(stamp_ns, reactor::sys::wall_ns());
    }
    bool too_far_ahead(std::int64_t skew_ns, std::int64_t stamp_ns) const {
        return table::rules::too_far_ahead(skew_ns, stamp_ns, max_future_ns);
    }
};

}  // namespace herd
