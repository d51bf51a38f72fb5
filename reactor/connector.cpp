#include "reactor/connector.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace reactor {

namespace {

// Of the shortest pause: more would be days, and too many for a shift.
constexpr std::uint32_t doublings_max = 20;

}  // namespace

Connector::Connector(Loop& loop, const Pace& pace, Delegate<void(Socket)> connected)
    : loop_(loop),
      pace_(pace),
      connected_(connected),
      timer_(loop, Delegate<void()>::to<&Connector::on_timer>(*this)) {
    assert(pace.pause_min > Duration::zero());
    assert(pace.pause_min <= pace.pause_max);
    assert(pace.dial_max > Duration::zero());
}

void Connector::dial() {
    cancel();
    attempt();
}

void Connector::dial_later() {
    cancel();
    assert(failures_ <= doublings_max);
    const auto doubled = pace_.pause_min * (std::int64_t{1} << failures_);
    const auto longest = std::min<Duration>(doubled, pace_.pause_max);
    if (failures_ < doublings_max) ++failures_;
    // Half of it at random: neighbours that lost each other at once do not come back in step.
    const auto spread = static_cast<std::uint64_t>(longest.count() / 2 + 1);
    timer_.start(longest / 2 + Duration(static_cast<std::int64_t>(sys::random_bits() % spread)));
}

void Connector::cancel() {
    timer_.cancel();
    watch_.stop();
    socket_.close();
}

void Connector::attempt() {
    assert(!dialling());
    assert(!watch_.active());
    assert(!timer_.pending());
    ++attempts_;
    if (choose_) target_ = choose_();
    if (target_.port == 0) return fail(Errno{EADDRNOTAVAIL});
    auto fd = sys::open_socket(target_.v6);
    if (!fd) return fail(fd.error());
    Socket socket(*fd);
    if (auto started = start(socket); !started) return fail(started.error());
    socket_ = std::move(socket);
    timer_.start(pace_.dial_max);
}

Result<void> Connector::start(Socket& socket) {
    if (own_) {
        // Ports are short where many connections have just ended, so one is taken as late as can
        // be.
        static_cast<void>(sys::set_option(socket.fd(), sys::Option::late_port, 1));
        if (auto bound = sys::bind(socket.fd(), *own_); !bound) return bound;
    }
    auto connected = sys::connect(socket.fd(), target_);
    // Connected at once or later, the descriptor becomes writable: one path for both.
    if (!connected && connected.error().value != EINPROGRESS && connected.error().value != EINTR) {
        return connected;
    }
    auto watch =
        loop_.watch(socket.fd(), Interest::write, Handler::to<&Connector::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    return {};
}

void Connector::on_ready(Ready) {
    assert(dialling());
    assert(watch_.active());
    assert(timer_.pending());  // The limit of this try.
    if (auto usable = check(); !usable) return fail(usable.error());
    Socket socket = std::move(socket_);
    cancel();
    connected_(std::move(socket));
}

// "Writable" also says that connecting has failed. And a dial to a free port of this machine's
// ephemeral range may have met itself, which would keep that port from its owner.
Result<void> Connector::check() {
    if (auto error = sys::take_error(socket_.fd()); !error) return error;
    auto local = sys::local_address(socket_.fd());
    if (!local) return std::unexpected(local.error());
    auto peer = sys::peer_address(socket_.fd());
    if (!peer) return std::unexpected(peer.error());
    if (*local == *peer) return failure(ECONNREFUSED);
    return {};
}

void Connector::on_timer() {
    assert(dialling() == watch_.active());
    if (dialling()) return fail(Errno{ETIMEDOUT});
    attempt();
}

void Connector::fail(Errno error) {
    assert(error != Errno{});
    last_error_ = error;
    dial_later();
}

}  // namespace reactor
