#pragma once

#include "herd/barrier.hpp"
#include "herd/client_session.hpp"
#include "herd/config.hpp"
#include "herd/core.hpp"
#include "herd/expiry.hpp"
#include "herd/journal.hpp"
#include "herd/legacy_link.hpp"
#include "herd/location_table.hpp"
#include "herd/log.hpp"
#include "herd/neighbour.hpp"
#include "herd/outcome.hpp"
#include "herd/peer_session.hpp"
#include "herd/places.hpp"
#include "herd/repair.hpp"
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
    static reactor::Loop::Limits loop_limits(const Config& config);
    // Descriptors that it may hold at a time.
    static std::uint64_t descriptors(const Config& config);

    Server(reactor::Loop& loop,
           Places& places,
           const Config& config,
           const ServerConfig& self,
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
    const LocationTable& table() const { return table_; }
    const Counters& counters() const { return counters_; }
    std::uint64_t epoch() const { return core_.epoch; }
    std::uint32_t client_count() const { return clients_.size(); }
    std::uint32_t live_links() const;
    const Journal& journal() const { return journal_; }
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
    void on_client_ended(ClientSession& session);
    void on_peer_ended(PeerSession& session);
    Neighbour* neighbour(std::string_view name);
    bool make_room();
    // Calls visit(link) for the link to each neighbour, of either kind.
    template <class Visit>
    void each_link(Visit visit) {
        neighbours_.for_each([&](Neighbour& neighbour) { visit(neighbour.link()); });
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
    Reach reach();

    const Config& config_;
    const ServerConfig& self_;
    reactor::Loop& loop_;
    reactor::Delegate<void()> stopped_;
    reactor::Wire wire_;
    LocationTable table_;
    Log log_;
    Counters counters_;
    Core core_;
    ClientHost client_host_;
    Journal journal_;
    Barrier barrier_;
    Repair repair_;
    Expiry expiry_;
    PeerSession::Host peer_host_;
    reactor::Slab<Neighbour> neighbours_;
    reactor::Slab<LegacyLink> legacy_links_;
    reactor::Slab<ClientSession> clients_;
    reactor::Slab<PeerSession> peers_;
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
