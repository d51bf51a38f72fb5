// How other servers come in where connections are sealed: see neighbours.hpp.
#include "herd/links/neighbours.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <utility>

namespace herd::links {

reactor::Handshakes::Door Neighbours::make_door(bool takes_plain) {
    return {
        .make_seal = reactor::Delegate<reactor::SealPtr()>::to<&Neighbours::make_seal>(*this),
        .opened =
            reactor::Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&Neighbours::on_shaken>(
                *this),
        .refused = reactor::Delegate<void(
            const reactor::Handshakes::Refusal&)>::to<&Neighbours::on_refused>(*this),
        .takes_plain = takes_plain,
        .goes_first = true,
        .has_room = reactor::Delegate<bool()>::to<&Neighbours::has_room>(*this)};
}

// An old server knows no TLS; others at its address do.
void Neighbours::on_accepted(reactor::Socket socket) {
    const auto from = reactor::sys::peer_address(socket.fd());
    const bool legacy = from && is_legacy(*from);
    core_.sealing->handshakes.accept(std::move(socket), legacy ? legacy_door_ : door_);
}

void Neighbours::on_shaken(reactor::Socket socket, reactor::SealPtr seal) {
    acceptor_.admit(std::move(socket), std::move(seal));
}

void Neighbours::on_freed() {
    core_.sealing->handshakes.resume(door_);
    core_.sealing->handshakes.resume(legacy_door_);
}

void Neighbours::on_refused(const reactor::Handshakes::Refusal& refusal) {
    std::array<char, reactor::address_text_size_max> from{};
    core_.log.event(Level::warning, "handshake_refused")
        .field("from", peer_text(refusal.socket, from))
        .field("why", refusal.why);
}

}  // namespace herd::links
