#pragma once

#include "herd/clients/session.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/journal/journal.hpp"
#include "herd/links/barrier.hpp"
#include "herd/links/legacy_link.hpp"
#include "herd/links/neighbour.hpp"
#include "herd/links/peer_session.hpp"
#include "herd/links/repair.hpp"
#include "herd/log.hpp"
#include "herd/outcome.hpp"
#include "herd/places/places.hpp"
#include "herd/table/expiry.hpp"
#include "herd/table/location_table.hpp"
#include "reactor/listener.hpp"
#include "reactor/loop.hpp"
#include "reactor/slab.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace herd {

// One server of a herd, whole: it owns the table, the sessions and the links, accepts, ticks and
// shuts down. Lives on one loop, which runs it; loop, places and configuration outlive it.
//
//   open() --> start() --> serving --shut_down()--> draining --> on_stopped (once)
//
// All memory is mapped in open(); from then on nothing here allocates.
class Server {
public:
    // The loop that a server of this configuration needs.
    static reactor::Loop::Limits loop_limits(const config::Config& config);
    // Descriptors that it may hold at a time.
    static std::uint64_t descriptors(const config::Config& config);

    Server(reactor::Loop& loop,
           places::Places& places,
           const config::Config& config,
           const config::Server& self,
           reactor::Delegate<void()> stopped);
    ~Server();

    // Maps its memory, opens its log and listens.
    Outcome<> open();
    // Begins to dial its neighbours.
    void start();
    // Accepts no more, answers what is owed, brings its links up to date, then reports to
    // `stopped`, at the latest after limits.shutdown_ms. Idempotent.
    void shut_down();

    // Where it listens, with the ports in force.
    const reactor::Address& client_address() const { return client_address_; }
    const reactor::Address& peer_address() const { return peer_address_; }
    // Before start(): where a neighbour really listens, for herds on ports the kernel chose.
    void aim(std::string_view name, const reactor::Address& address);

    // Faults for tests: see LocationTable::corrupt. The second one moves a client of its own
    // choice to 0, 0; none when none is stored.
    bool corrupt(const protocol::AtLine& line);
    void corrupt_one();

    Log& log() { return log_; }
    const table::LocationTable& table() const { return table_; }
    const watch::Counters& counters() const { return counters_; }
    std::uint64_t epoch() const { return core_.epoch; }
    std::uint32_t client_count() const { return clients_.size(); }
    std::uint32_t live_links() const;
    const journal::Journal& journal() const { return journal_; }
    const reactor::Wire& wire() const { return wire_; }
    // Calls visit(const Neighbour&) for each that is not legacy.
    template <class Visit>
    void each_neighbour(Visit visit) const {
        neighbours_.for_each(visit);
    }

private:
    Outcome<> map_memory();
    Outcome<> open_log();
    void add_neighbours();
    Outcome<> listen();

    void on_client(reactor::Socket socket);
    void on_peer(reactor::Socket socket);
    void on_client_ended(clients::Session& session);
    void on_peer_ended(links::PeerSession& session);
    links::Neighbour* neighbour(std::string_view name);
    bool make_room();
    // Calls visit(link) for the link to each neighbour, of either kind.
    template <class Visit>
    void each_link(Visit visit) {
        neighbours_.for_each([&](links::Neighbour& neighbour) { visit(neighbour.link()); });
        legacy_links_.for_each(visit);
    }
    bool is_legacy(const reactor::Address& from) const;
    void flood();
    void tick();
    void check_drained();
    bool drained();
    void log_summary();
    std::string_view status(std::span<char> out);
    // For the barrier.
    bool links_have(std::uint64_t seq);
    void mark_links();
    links::Reach reach();

    const config::Config& config_;
    const config::Server& self_;
    reactor::Loop& loop_;
    reactor::Delegate<void()> stopped_;
    reactor::Wire wire_;
    table::LocationTable table_;
    Log log_;
    watch::Counters counters_;
    Core core_;
    clients::ClientHost client_host_;
    journal::Journal journal_;
    links::Barrier barrier_;
    links::Repair repair_;
    table::Expiry expiry_;
    links::PeerSession::Host peer_host_;
    reactor::Slab<links::Neighbour> neighbours_;
    reactor::Slab<links::LegacyLink> legacy_links_;
    reactor::Slab<clients::Session> clients_;
    reactor::Slab<links::PeerSession> peers_;
    reactor::PageArray<char> flood_buffer_;
    reactor::Listener client_listener_;
    reactor::Listener peer_listener_;
    reactor::Address client_address_;
    reactor::Address peer_address_;
    reactor::Timer tick_;
    reactor::Timer drain_;
    reactor::Instant drain_until_{};
    reactor::Instant started_at_{};
    std::uint64_t corrupted_ = 0;
    bool draining_ = false;
};

}  // namespace herd
