#include "herd/http/server.hpp"

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
                       Delegate<void(reactor::Socket)>::to<&Server::on_sealed_accepted>(*this)),
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
    return sealed_listener_.listen(address);
}

void Server::on_sealed_accepted(reactor::Socket socket) {
    tune(socket, reactor::SocketProfile::client);
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

// Those who came in one iteration have been heard by now.
void Server::on_again() {
    if (acceptor_.full() && !host_.draining) static_cast<void>(evict());
}

void Server::drain(Delegate<void()> done) {
    assert(!host_.draining);
    host_.draining = true;
    done_ = done;
    sealed_listener_.close();
    acceptor_.drain();
    if (acceptor_.size() == 0) done_();
}

Connection* Server::make(reactor::Slab<Connection>& slots, const reactor::Socket& /*socket*/) {
    assert(!slots.full());
    assert(!host_.draining);
    Connection* const connection = slots.emplace(host_);
    newest_ = connection;
    return connection;
}

void Server::on_full() {
    if (evict()) return;
    ++host_.counters.waited;
    again_.start(std::chrono::milliseconds(1));
}

// Nobody, if all are busy, or a slot is about to be free.
bool Server::evict() {
    assert(acceptor_.full());
    using Standing = Connection::Standing;
    Connection* goes = nullptr;
    Standing worst = Standing::busy;
    bool gone = false;
    acceptor_.for_each([&](Connection& connection) {
        const Standing standing = connection.standing();
        gone = gone || standing == Standing::gone;
        if (&connection == newest_ || standing >= Standing::busy) return;
        const bool before = goes == nullptr || standing < worst ||
                            (standing == worst && connection.waits_since() < goes->waits_since());
        if (!before) return;
        goes = &connection;
        worst = standing;
    });
    if (goes == nullptr || gone) return gone;
    ++host_.counters.evicted;
    goes->evict();
    return true;
}

void Server::on_ended(Connection& connection) {
    if (newest_ == &connection) newest_ = nullptr;
    acceptor_.release(connection);
    if (host_.draining && acceptor_.size() == 0) done_();
}

void Server::check() const {
    acceptor_.check();
    acceptor_.for_each([](const Connection& connection) { connection.check(); });
}

}  // namespace herd::http
