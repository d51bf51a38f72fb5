#include "reactor/listener.hpp"

#include "reactor/ports.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <utility>

namespace reactor {

namespace {

// The connection is gone before it was taken, or was refused on the way: the next may be fine.
bool only_this_one(Errno error) {
    return error.value == ECONNABORTED || error.value == EPERM || error.value == EPROTO;
}

bool out_of_means(Errno error) {
    return error.value == EMFILE || error.value == ENFILE || error.value == ENOBUFS ||
           error.value == ENOMEM;
}

}  // namespace

Listener::Listener(Loop& loop, Delegate<void(Socket)> accepted, Delegate<bool()> has_room)
    : loop_(loop),
      accepted_(accepted),
      has_room_(has_room),
      backoff_(loop, Delegate<void()>::to<&Listener::update>(*this)) {}

// Linux copies a listening socket's options into each that is accepted: seven calls less for each.
Result<Address> Listener::listen(const Address& address, SocketProfile profile) {
    assert(!socket_.open());
    assert(!watch_.active());
    auto socket = loop_.ports().open(Ports::Kind::stream, address);
    if (!socket) return std::unexpected(socket.error());
    const int fd = (*socket).fd();
    auto local = sys::local_address(fd);
    if (!local) return local;
    auto watch = loop_.watch(fd, Interest::read, Handler::to<&Listener::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    socket_ = std::move(*socket);
    profile_ = profile;
    tune(socket_, profile);
    watch_ = std::move(*watch);
    return local;
}

void Listener::close() {
    backoff_.cancel();
    watch_.stop();
    socket_.close();
}

void Listener::pause() {
    paused_ = true;
    update();
}

void Listener::resume() {
    paused_ = false;
    update();
}

void Listener::update() {
    if (!watch_.active()) return;
    watch_.want(paused_ || backoff_.pending() ? Interest::none : Interest::read);
}

void Listener::back_off() {
    backoff_.start(backoff_time);
    update();
}

// Those that may have been in the queue before it was tuned are tuned by themselves.
void Listener::accept(Socket socket) {
    if (counters_.accepted++ < Ports::backlog) tune(socket, profile_);
    accepted_(std::move(socket));
}

void Listener::on_ready(Ready) {
    assert(socket_.open());
    assert(watch_.active());
    for (int i = 0; i < accepts_max && !paused_; ++i) {
        if (has_room_ && !has_room_()) return back_off();
        auto fd = sys::accept(socket_.fd());
        if (fd) {
            accept(Socket(*fd));
            if (!socket_.open()) return;
        } else if (out_of_means(fd.error())) {
            ++counters_.backoffs;
            return back_off();
        } else if (!only_this_one(fd.error())) {
            return;
        }
    }
}

}  // namespace reactor
