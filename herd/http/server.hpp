#pragma once

#include "herd/http/connection.hpp"
#include "herd/http/crowds.hpp"
#include "herd/http/handler.hpp"
#include "herd/sealing.hpp"
#include "reactor/acceptor.hpp"
#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/listener.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/socket.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace herd::http {

// Ports on which HTTP is spoken, plainly or within TLS, and all connections on them. With the last
// slot taken a connection goes, as Connection::Standing says; with all busy, the next ones wait in
// the kernel. With one address's share taken one of its own goes, or with all of these busy the
// newcomer. All memory is mapped by map(). Pinned; wire, routes and handlers outlive it.
class Server {
public:
    Server(reactor::Wire& wire, std::span<const Route> routes, const Limits& limits);

    // Bytes that map() may map.
    static std::uint64_t memory_max(const Limits& limits) {
        return std::uint64_t{limits.connections} * reactor::Slab<Connection>::slot_size +
               (limits.connections_per_address > 0 ? Crowds::memory(limits.connections) : 0);
    }
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();
    // Once, before listen(): is told of each connection that speaks TLS to the plain port.
    void when_tls_heard(reactor::Delegate<void(Connection&)> heard) { host_.heard_tls = heard; }
    // Each at most once; port 0 takes a free one. Returns the address in force.
    reactor::Result<reactor::Address> listen(const reactor::Address& address) {
        return acceptor_.listen(address);
    }
    reactor::Result<reactor::Address> listen_sealed(const reactor::Address& address,
                                                    const Sealing& sealing);

    // The connection that waits for the answer to a request; null: none does any more.
    Connection* find(Ticket ticket);

    // Each second.
    void tick();
    // Takes nobody any more; what has been asked is answered, then each ends, and after the last
    // one `done` is called. Once.
    void drain(reactor::Delegate<void()> done);

    std::uint32_t size() const { return acceptor_.size(); }
    const Counters& counters() const { return host_.counters; }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    Connection* make(reactor::Slab<Connection>& slots, const reactor::Socket& socket);
    bool is_welcome(const reactor::Address& from, reactor::Handle<Connection> newcomer);
    void on_full();
    void on_again();
    bool evict();
    static bool goes_before(const Connection& one, const Connection* other);
    void on_ended(Connection& connection);
    reactor::Handle<Connection> handle_of(const Connection& connection) const {
        return acceptor_.handle(connection);
    }

    bool handshake_room() const { return sealing_->handshakes.takes(door_); }
    void on_sealed_accepted(reactor::Socket socket);
    reactor::SealPtr make_seal() const { return sealing_->sealer.accept_client(); }
    void on_shaken(reactor::Socket socket, reactor::SealPtr seal);
    void on_refused(const reactor::Handshakes::Refusal&) {}
    bool has_room() const { return acceptor_.has_room(); }
    void on_freed();

    Host host_;
    reactor::Acceptor<Connection> acceptor_;
    Crowds crowds_;  // Of those that have an address elsewhere, where each has a share.
    const Sealing* sealing_ = nullptr;    // Since listen_sealed().
    reactor::Delegate<void()> done_;      // Since drain().
    const Connection* newest_ = nullptr;  // Has had no time yet; null once it has ended.
    reactor::Timer again_;  // Every slot was had by those who had just come, or were busy.
    reactor::Listener sealed_listener_;
    reactor::Handshakes::Door door_;
};

}  // namespace herd::http
