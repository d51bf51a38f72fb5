#include "reactor/ports.hpp"

#include "reactor/sys.hpp"

#include <cassert>
#include <utility>

namespace reactor {

bool Ports::take_over(int fd) {
    assert(opened_count_ == 0);
    Socket socket(fd);
    if (inherited_count_ == most) return false;
    const auto kind = sys::take_over(fd);
    if (!kind) return false;
    const auto address = sys::local_address(fd);
    if (!address) return false;
    inherited_[inherited_count_++] = {
        .socket = std::move(socket),
        .kind = *kind == sys::SocketKind::stream ? Kind::stream : Kind::datagrams,
        .address = *address};
    return true;
}

// Of two at one address, which SO_REUSEPORT allows, the first one serves, and the other is dropped.
Socket Ports::claim(Kind kind, const Address& address) {
    if (address.port == 0) return {};
    for (Inherited& each : std::span(inherited_).first(inherited_count_)) {
        if (each.socket.open() && each.kind == kind && each.address == address) {
            return std::move(each.socket);
        }
    }
    return {};
}

Acquired<Socket> Ports::make(Kind kind, const Address& address) {
    const auto fd =
        kind == Kind::stream ? sys::open_socket(address.v6) : sys::open_datagrams(address.v6);
    if (!fd) return std::unexpected(fd.error());
    Socket socket(*fd);
    // A restarted server binds its port while old connections are still in TIME_WAIT.
    if (kind == Kind::stream) {
        if (auto set = sys::set_option(*fd, sys::Option::reuse_address, 1); !set) {
            return std::unexpected(set.error());
        }
    }
    if (auto bound = sys::bind(*fd, address); !bound) return std::unexpected(bound.error());
    return socket;
}

Acquired<Socket> Ports::open(Kind kind, const Address& address) {
    Socket socket = claim(kind, address);
    const bool taken_over = socket.open();
    if (!taken_over) {
        auto made = make(kind, address);
        if (!made) return made;
        socket = std::move(*made);
    }
    // Also of one that listens already, whose queue may be shorter than ours.
    if (kind == Kind::stream) {
        if (auto done = sys::listen(socket.fd(), backlog); !done) {
            return std::unexpected(done.error());
        }
    }
    if (opened_count_ < most) {
        opened_[opened_count_++] = {
            .fd = socket.fd(), .kind = kind, .address = address, .taken_over = taken_over};
    }
    return socket;
}

void Ports::drop_rest(Delegate<void(int fd)> dropped) {
    for (Inherited& each : std::span(inherited_).first(inherited_count_)) {
        if (!each.socket.open()) continue;
        dropped(each.socket.fd());
        each.socket.close();
    }
    inherited_count_ = 0;
}

}  // namespace reactor
