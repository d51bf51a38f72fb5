#pragma once

#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/links/barrier.hpp"
#include "herd/links/host.hpp"
#include "herd/links/legacy_link.hpp"
#include "herd/links/neighbour.hpp"
#include "herd/links/peer_link.hpp"
#include "herd/links/peer_session.hpp"
#include "herd/links/repair.hpp"
#include "herd/outcome.hpp"
#include "herd/table/message_batch.hpp"
#include "herd/watch/status.hpp"
#include "reactor/acceptor.hpp"
#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/pages.hpp"
#include "reactor/resolver.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace herd::links {

// All that connects one server with the others of its herd: the port for peers with the sessions on
// it, a link to each neighbour, and what is remembered of each. Owned by the Server; what it is
// given outlives it.
//
// Those of whom nothing shows who they are have a few of the port's slots, and the oldest of them
// goes for the newest: so each neighbour finds one, and time for its first line. Those who come
// from where a neighbour is outlast the others.
//
// Whoever comes from an old server's address may be that server, which has a connection for each
// message, and says to a closed door what nobody ever hears. So those may have all slots but the
// last: when it is taken one of them goes, who has said all, or was heard longest ago. It has had
// legacy_time_min before; until then newcomers wait in the kernel's queue.
class Neighbours final : public Host, public BarrierLinks {
public:
    static constexpr std::uint32_t strangers_most = 32;

    // Writes what the server says of itself: see Host::status.
    using TellStatus = reactor::Delegate<std::string_view(std::span<char>, watch::Audience)>;

    Neighbours(Core& core, TellStatus status);

    // Bytes that map() may map.
    static std::uint64_t memory_max(const config::Config& config);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map(std::uint32_t neighbours);
    // Those of `self`, before start(). The configuration outlives this. Fails where neighbours have
    // names, and nobody can look them up.
    reactor::Result<void> add(const config::Config& config, const config::Server& self);
    // Once; port 0 takes a free one.
    Outcome<> listen(const reactor::Address& address);
    // Where it listens.
    const reactor::Address& address() const { return address_; }
    // Before start(): where a neighbour really listens.
    void aim(std::string_view name, const reactor::Address& address);
    // Begins to dial.
    void start();

    // Sends what each neighbour lacks, a bounded batch each. Called in each flush, before the
    // clients' answers.
    void flood();
    // About once a second.
    void tick();

    // Takes nobody any more, and hears nobody; what is owed is still sent.
    void drain();
    // Sends no more.
    void stop();
    // Some link has something to send.
    bool owes() const;

    // Asserts what must hold between calls. For tests.
    void check() const;

    // Where a SYNC waits.
    Barrier& barrier() { return barrier_; }
    Reach reach() const override;
    // Adds a row for each link.
    void describe(watch::Status& status) const;

    // Calls visit(const Neighbour&, const PeerLink&) for each that is not legacy.
    template <class Visit>
    void for_each(Visit visit) const {
        peers_.for_each([&](const Peer& peer) { visit(peer.neighbour, peer.link); });
    }

private:
    // One that speaks the protocol between servers.
    struct Peer {
        Peer(Core& core,
             Host& host,
             reactor::Resolver& resolver,
             std::uint32_t index,
             const config::Server& other)
            : neighbour(index, other.name, reactor::sys::random_bits() | 1),
              link(core, host, neighbour, resolver, other) {}

        Neighbour neighbour;
        PeerLink link;
        // The session it sends on now, or null. Of two, the newer holds. While the link is live, it
        // is of the run that the link is live with.
        PeerSession* session = nullptr;
    };

    std::expected<Neighbour*, protocol::Refusal> claim(const protocol::Hello& hello) override;
    std::expected<void, protocol::Refusal> admit(PeerSession& session,
                                                 Neighbour& neighbour,
                                                 std::uint64_t epoch) override;
    void on_greeting(const Neighbour& neighbour) override;
    void on_live(const Neighbour& neighbour, std::uint32_t incarnation) override;
    void on_progress() override { barrier_.on_progress(); }
    void on_divergence(std::uint32_t bucket) override { repair_.start(bucket); }
    void on_ended(PeerSession& session) override;
    bool is_legacy(const reactor::Address& from) const override;
    void on_legacy() override;
    bool is_server(std::string_view name) const override;
    std::string_view status(std::span<char> out, watch::Audience audience) const override {
        return status_(out, audience);
    }

    bool have(std::uint64_t seq) const override;
    void mark() override;

    reactor::Handshakes::Door make_door(bool takes_plain);
    void on_accepted(reactor::Socket socket);
    reactor::SealPtr make_seal() const { return core_.sealing->sealer.accept_peer(); }
    void on_shaken(reactor::Socket socket, reactor::SealPtr seal);
    bool has_room() const { return acceptor_.has_room(); }
    void on_freed();
    void on_refused(const reactor::Handshakes::Refusal& refusal);
    PeerSession* make(reactor::Slab<PeerSession>& slots, const reactor::Socket& socket);
    void on_full();
    bool make_room_among_legacy();
    void on_room_timer();
    // How many strangers may have a slot.
    std::uint32_t strangers_max() const;
    void make_room_for_stranger();
    bool is_neighbours(const reactor::Address& from) const;
    PeerSession::From origin(const reactor::Socket& socket) const;
    void tell();
    Peer* find(std::string_view name);
    Peer& of(const Neighbour& neighbour);
    // Calls visit(link) for the link to each neighbour, of either kind.
    template <class Visit>
    void each_link(Visit visit) {
        peers_.for_each([&](Peer& peer) { visit(peer.link); });
        legacy_.for_each(visit);
    }
    template <class Visit>
    void each_link(Visit visit) const {
        peers_.for_each([&](const Peer& peer) { visit(peer.link); });
        legacy_.for_each(visit);
    }

    Core& core_;
    TellStatus status_;
    const config::Config* config_ = nullptr;  // Since add().
    Barrier barrier_;
    Repair repair_;
    table::MessageBatch messages_{};  // what is read ahead of one session's batch
    reactor::Slab<Peer> peers_;
    reactor::Slab<LegacyLink> legacy_;
    reactor::Acceptor<PeerSession> acceptor_;
    reactor::Resolver resolver_;  // Dies before those who ask it.
    reactor::Timer room_timer_;   // while one more may go soon
    // Where sessions are sealed.
    const reactor::Handshakes::Door door_;
    const reactor::Handshakes::Door legacy_door_;  // From where an old server is.
    reactor::Address address_;
    std::uint64_t told_evicted_ = 0;  // The counters as the log has them.
    std::uint64_t told_waited_ = 0;
    reactor::PageArray<char> batch_;  // where each link writes what it sends next
};

}  // namespace herd::links
