#pragma once

#include "herd/config/config.hpp"
#include "herd/log.hpp"
#include "herd/sealing.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/rules.hpp"
#include "herd/watch/counters.hpp"
#include "herd/watch/status.hpp"
#include "protocol/at_line.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"
#include "reactor/wire.hpp"

#include <cassert>
#include <cstdint>
#include <string_view>

namespace herd {

// What lies beneath everything else of one server, and who it is. Made by the Server, which owns
// all that it refers to and outlives all who borrow it; nothing but what it refers to changes, so a
// copy is as good. Nothing in it knows of connections, of the journal or of places.
struct Core {
    reactor::Loop& loop;
    reactor::Wire& wire;
    table::LocationTable& table;
    Log& log;
    watch::Counters& counters;
    const config::Limits& limits;
    std::string_view name;              // of this server
    std::uint64_t epoch;                // of this run: 64 random bits
    const std::int64_t& max_future_ms;  // 0: off
    std::int64_t ttl_ns;                // 0: off
    const Sealing* sealing = nullptr;   // null: nothing is sealed

    // What it says of the server.
    void describe(watch::Status& status) const {
        status.server = name;
        status.epoch = epoch;
        status.records = table.size();
        status.capacity = table.capacity();
        status.seq = table.feed().seq();
        status.digest = table.digest().root();
        status.counters = counters;
        const reactor::Wire::Counters& shared = wire.counters();
        status.counters.turns_cut = shared.turns_cut;
        status.counters.blocks_exhausted = shared.blocks_exhausted;
        status.counters.inputs_stuck = shared.inputs_stuck;
        status.counters.seals_broken = shared.seals_broken;
        if (sealing == nullptr) return;
        describe(status.counters, sealing->handshakes.counters());
        status.counters.tls_full = sealing->sealer.refused();
        status.certificate_expires_s = sealing->sealer.expires_s();
    }

    static void describe(watch::Counters& counters, const reactor::Handshakes::Counters& shaken) {
        counters.handshakes = shaken.done;
        counters.handshakes_refused = shaken.refused;
        counters.handshakes_plain = shaken.plain;
        counters.handshakes_late = shaken.timed_out;
        counters.handshakes_held_back = shaken.held_back;
        counters.handshakes_displaced = shaken.displaced;
    }

    // Asserts what must hold between calls, of it and of all that it refers to. For tests.
    void check() const {
        assert(!name.empty());
        assert(epoch != 0);
        assert(max_future_ms >= 0);
        assert(ttl_ns >= 0);
        table.check();
        log.check();
        wire.check();
        if (sealing != nullptr) sealing->handshakes.check();
    }

    bool expired(std::int64_t effective_ns, std::int64_t wall_ns) const {
        return table::rules::expired(effective_ns, wall_ns, ttl_ns);
    }
    bool expired(std::int64_t stamp_ns, std::int64_t skew_ns, std::int64_t wall_ns) const {
        return ttl_ns > 0 && expired(table::rules::effective(stamp_ns, skew_ns), wall_ns);
    }
    // By the clock, now.
    bool expired(std::int64_t effective_ns) const {
        return ttl_ns > 0 && expired(effective_ns, reactor::sys::wall_ns());
    }
    bool expired(const protocol::AtLine& line) const {
        return ttl_ns > 0 && expired(line.time.nanoseconds, line.skew_ns, reactor::sys::wall_ns());
    }
    bool too_far_ahead(std::int64_t skew_ns, std::int64_t stamp_ns) const {
        return table::rules::too_far_ahead(skew_ns, stamp_ns, max_future_ms * 1'000'000);
    }
};

}  // namespace herd
