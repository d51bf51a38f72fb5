#include "herd/http/server.hpp"

#include "reactor/sys.hpp"

#include <cassert>
#include <chrono>
#include <utility>

namespace herd::http {

using reactor::Delegate;

Server::Server(reactor::Wire& wire, std::span<const Route> routes, const Limits& limits)
    : host_{.wire = wire,
            .routes = routes,
            .limits = limits,
            .handle_of =
                Delegate<reactor::Handle<Connection>(const Connection&)>::to<&Server::handle_of>(
                    *this),
            .ended = Delegate<void(Connection&)>::to<&Server::on_ended>(*this)},
      acceptor_(wire.loop(),
                reactor::SocketProfile::client,
                reactor::Acceptor<Connection>::Make::to<&Server::make>(*this),
                Delegate<void()>::to<&Server::on_full>(*this)),
      again_(wire.loop(), Delegate<void()>::to<&Server::on_again>(*this)),
      sealed_listener_(wire.loop(),
                       Delegate<void(reactor::Socket)>::to<&Server::on_sealed_accepted>(*this),
                       Delegate<bool()>::to<&Server::handshake_room>(*this)),
      door_{.make_seal = Delegate<reactor::SealPtr()>::to<&Server::make_seal>(*this),
            .opened =
                Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&Server::on_shaken>(*this),
            .refused =
                Delegate<void(const reactor::Handshakes::Refusal&)>::to<&Server::on_refused>(*this),
            .has_room = Delegate<bool()>::to<&Server::has_room>(*this)} {
    assert(limits.connections > 0);
    assert(limits.requests_per_turn > 0);
    assert(limits.body_per_turn > RequestParser::head_size_max);  // It is looked at whole.
}

reactor::Result<reactor::Address> Server::listen_sealed(const reactor::Address& address,
                                                        const Sealing& sealing) {
    sealing_ = &sealing;
    acceptor_.when_freed(Delegate<void()>::to<&Server::on_freed>(*this));
    return sealed_listener_.listen(address, reactor::SocketProfile::client);
}

void Server::on_sealed_accepted(reactor::Socket socket) {
    sealing_->handshakes.accept(std::move(socket), door_);
}

void Server::on_shaken(reactor::Socket socket, reactor::SealPtr seal) {
    acceptor_.admit(std::move(socket), std::move(seal));
}

void Server::on_freed() {
    sealing_->handshakes.resume(door_);
}

Connection* Server::find(Ticket ticket) {
    Connection* const connection = acceptor_.find(ticket.connection);
    return connection != nullptr && connection->is(ticket) ? connection : nullptr;
}

void Server::tick() {
    acceptor_.tick();
    on_again();
}

// Those who came in one iteration have been heard by now, and some are done before long.
void Server::on_again() {
    if (!acceptor_.full() || host_.draining) return;
    if (!evict()) again_.start(Connection::told_min);
}

void Server::drain(Delegate<void()> done) {
    assert(!host_.draining);
    host_.draining = true;
    done_ = done;
    sealed_listener_.close();
    acceptor_.drain();
    if (acceptor_.size() == 0) done_();
}

reactor::Result<void> Server::map() {
    if (host_.limits.connections_per_address > 0) {
        if (auto mapped = crowds_.map(host_.limits.connections); !mapped) return mapped;
    }
    return acceptor_.map(host_.limits.connections);
}

Connection* Server::make(reactor::Slab<Connection>& slots, const reactor::Socket& socket) {
    assert(!slots.full());
    assert(!host_.draining);
    Connection* const connection = slots.emplace(host_);
    if (crowds_.on()) {
        const auto from = reactor::sys::peer_address(socket.fd());
        if (from && !is_welcome(*from, slots.handle(*connection))) {
            connection->turn_away();
            return connection;
        }
    }
    newest_ = connection;
    return connection;
}

// One of an address that has its share takes the place of another of these. The host's own has no
// share: it may be a proxy.
bool Server::is_welcome(const reactor::Address& from, reactor::Handle<Connection> newcomer) {
    if (from.is_loopback()) return true;
    const std::uint32_t tag = crowds_.tag_of(from);
    std::uint32_t count = 0;
    Connection* goes = nullptr;
    crowds_.visit(tag, [&](reactor::Handle<Connection> other) {
        Connection* const connection = acceptor_.find(other);
        const bool is_gone =
            connection == nullptr || connection->standing() == Connection::Standing::gone;
        if (is_gone) return;
        ++count;
        if (goes_before(*connection, goes)) goes = connection;
    });
    if (count >= host_.limits.connections_per_address) {
        ++host_.counters.crowds;
        if (goes == nullptr) return false;
        goes->evict();
    }
    crowds_.enter(newcomer, tag);
    return true;
}

bool Server::goes_before(const Connection& one, const Connection* other) {
    const Connection::Standing standing = one.standing();
    if (standing >= Connection::Standing::busy) return false;
    if (other == nullptr || standing < other->standing()) return true;
    return standing == other->standing() && one.waits_since() < other->waits_since();
}

void Server::on_full() {
    if (evict()) return;
    ++host_.counters.waited;
    again_.start(std::chrono::milliseconds(1));
}

// Nobody, if all are busy, or a slot is about to be free.
bool Server::evict() {
    assert(acceptor_.full());
    Connection* goes = nullptr;
    bool gone = false;
    acceptor_.for_each([&](Connection& connection) {
        gone = gone || connection.standing() == Connection::Standing::gone;
        if (&connection != newest_ && goes_before(connection, goes)) goes = &connection;
    });
    if (goes == nullptr || gone) return gone;
    ++host_.counters.evicted;
    goes->evict();
    return true;
}

void Server::on_ended(Connection& connection) {
    if (newest_ == &connection) newest_ = nullptr;
    if (crowds_.on()) crowds_.leave(acceptor_.index(connection));
    acceptor_.release(connection);
    if (host_.draining && acceptor_.size() == 0) done_();
}

void Server::check() const {
    acceptor_.check();
    acceptor_.for_each([](const Connection& connection) { connection.check(); });
}

}  // namespace herd::http
