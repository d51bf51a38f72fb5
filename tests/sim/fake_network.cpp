// The network of the fake kernel: connections, and what becomes of them.
#include "tests/sim/fake_kernel.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace sim {

using reactor::failure;
using reactor::Result;

FakeKernel::Path FakeKernel::path(Host a, Host b) const {
    if (!paths_.empty()) {
        const auto found = paths_.find(pair(a, b));
        if (found != paths_.end()) return found->second;
    }
    return {buffer_size, delay_min_ns, delay_max_ns};
}

std::int64_t FakeKernel::delay(Host a, Host b) {
    const Path between = path(a, b);
    return random_.between(between.delay_min_ns, between.delay_max_ns);
}

void FakeKernel::cut(Host a, Host b, bool reset_too) {
    const bool whole = is_cut(a, b) && is_cut(b, a);
    if (!whole && reset_too) reset(a, b);
    cuts_.insert({a, b});
    cuts_.insert({b, a});
}

void FakeKernel::heal(Host a, Host b) {
    cuts_.erase({a, b});
    cuts_.erase({b, a});
    stir(a);
    stir(b);
}

void FakeKernel::heal_all() {
    cuts_.clear();
    stir_all();
}

// What has not come by now never will.
void FakeKernel::break_connection(Descriptor& socket) {
    while (!socket.inbox.empty() && (socket.inbox.back().due > now_ || !has_arrived(socket))) {
        socket.inbox.pop_back();
    }
    fail_connection(socket);
    stir(socket.host);
}

// What has come stays, to be read.
void FakeKernel::fail_connection(Descriptor& socket) {
    socket.error = !socket.inbox.empty() && socket.inbox.back().end ? EPIPE : ECONNRESET;
    socket.state = State::failed;
    socket.peer = -1;
}

bool FakeKernel::reset_has_arrived(const Descriptor& socket) const {
    if (socket.inbox.empty() || !socket.inbox.back().reset) return false;
    const Segment& reset = socket.inbox.back();
    return reset.due <= now_ && !is_cut(socket.peer_host, socket.host) &&
           !(reset.echo && is_cut(socket.host, socket.peer_host));
}

// A reset counts when it comes, whatever there is still to be read.
void FakeKernel::hear_reset(Descriptor& socket) {
    if (socket.state != State::connected || !reset_has_arrived(socket)) return;
    socket.inbox.pop_back();
    fail_connection(socket);
}

void FakeKernel::reset(Host a, Host b) {
    for (Descriptor& socket : descriptors_) {
        if (socket.kind != Kind::socket || socket.peer < 0) continue;
        if (pair(socket.host, socket.peer_host) == pair(a, b)) break_connection(socket);
    }
}

void FakeKernel::vanish(Host host) {
    for (Descriptor& socket : descriptors_) {
        if (socket.kind != Kind::socket || socket.host != host || socket.peer < 0) continue;
        lose_peer(socket, Other::vanished);
    }
}

void FakeKernel::lose_peer(Descriptor& socket, Other becomes) {
    Descriptor& other = at(std::exchange(socket.peer, -1));
    other.peer = -1;
    other.other = becomes;
    stir(other.host);
}

Result<void> FakeKernel::bind(int fd, const reactor::Address& address) {
    if (at(fd).mailbox) return bind_datagrams(fd, address);
    if (listeners_.contains(address.port)) return failure(EADDRINUSE);
    at(fd).local = address;
    return {};
}

Result<void> FakeKernel::bind_datagrams(int fd, const reactor::Address& address) {
    at(fd).local = address;
    if (address.port == 0) at(fd).local.port = next_port_++;
    if (!datagram_ports_.emplace(at(fd).local.port, fd).second) return failure(EADDRINUSE);
    return {};
}

void FakeKernel::send_datagram(const reactor::Address& from,
                               std::uint16_t port,
                               std::string_view bytes) {
    const auto found = datagram_ports_.find(port);
    if (found == datagram_ports_.end()) return;
    std::string message(sizeof from, '\0');
    std::memcpy(message.data(), &from, sizeof from);
    put(found->second, message.append(bytes), 1000);
}

std::size_t FakeKernel::receive_datagrams(int fd,
                                          std::span<char> room,
                                          std::span<reactor::sys::Datagram> into) {
    const std::size_t part = room.size() / into.size();
    std::size_t count = 0;
    for (; count < into.size(); ++count) {
        const auto message = take(fd);
        if (!message) break;
        reactor::sys::Datagram& datagram = into[count];
        std::memcpy(&datagram.from, message->data(), sizeof datagram.from);
        const auto bytes = std::string_view(*message).substr(sizeof datagram.from);
        const std::size_t size = bytes.copy(room.data() + count * part, part);
        datagram.bytes = {room.data() + count * part, size};
        datagram.cut = size < bytes.size();
    }
    return count;
}

Result<void> FakeKernel::listen(int fd) {
    Descriptor& socket = at(fd);
    assert(socket.kind == Kind::socket);
    if (socket.local.port == 0) socket.local.port = next_port_++;
    socket.kind = Kind::listener;
    listeners_[socket.local.port] = fd;
    return {};
}

Result<void> FakeKernel::connect(int fd, const reactor::Address& address) {
    Descriptor& socket = at(fd);
    assert(socket.kind == Kind::socket && socket.state == State::fresh);
    if (socket.local.port == 0) {
        socket.local = dials_from;
        socket.local.port = next_port_++;
    }
    socket.remote = address;
    socket.state = State::connecting;
    const auto listener = listeners_.find(address.port);
    const Host there = listener == listeners_.end() ? host_ : at(listener->second).host;
    socket.settled_at = now_ + delay(host_, there);
    expect(socket.settled_at, host_);
    return failure(EINPROGRESS);
}

// A connect has its outcome when its time has come and the way is open.
void FakeKernel::settle(Descriptor& socket, int fd) {
    if (socket.state != State::connecting || now_ < socket.settled_at) return;
    const auto listener = listeners_.find(socket.remote.port);
    if (listener == listeners_.end() || random_.chance(faults.connect_fails)) {
        socket.state = State::failed;
        socket.error = ECONNREFUSED;
        return;
    }
    const Host there = at(listener->second).host;
    if (is_cut(socket.host, there) || is_cut(there, socket.host)) {
        socket.settled_at = now_ + 1'000'000'000;  // SYN again
        expect(socket.settled_at, socket.host);
        return;
    }
    establish(fd);
}

void FakeKernel::establish(int fd) {
    const int listener = listeners_.at(at(fd).remote.port);
    const Host caller = std::exchange(host_, at(listener).host);
    const int accepted = allocate(Kind::socket);
    host_ = caller;
    Descriptor& client = at(fd);
    Descriptor& server = at(accepted);
    client.state = server.state = State::connected;
    server.local = client.remote;
    server.remote = client.local;
    client.peer = accepted;
    client.peer_host = server.host;
    server.peer = fd;
    server.peer_host = client.host;
    const std::int64_t due = now_ + delay(client.host, server.host);
    at(listener).backlog.emplace_back(due, accepted);
    expect(due, server.host);
    stir(client.host);
}

Result<int> FakeKernel::accept(int fd) {
    constexpr std::array errors{EMFILE, ENFILE, ENOBUFS, ENOMEM};
    Descriptor& listener = at(fd);
    assert(listener.kind == Kind::listener);
    if (listener.backlog.empty() || listener.backlog.front().first > now_) return failure(EAGAIN);
    if (random_.chance(faults.accept_fails)) return failure(pick_error(errors));
    const int accepted = listener.backlog.front().second;
    listener.backlog.erase(listener.backlog.begin());
    return accepted;
}

Result<void> FakeKernel::take_error(int fd) {
    Descriptor& socket = at(fd);
    settle(socket, fd);
    hear_reset(at(fd));
    const int error = std::exchange(at(fd).error, 0);
    if (error != 0) return failure(error);
    return {};
}

Result<reactor::Address> FakeKernel::local_address(int fd) {
    return at(fd).local;
}

Result<reactor::Address> FakeKernel::peer_address(int fd) {
    hear_reset(at(fd));
    if (at(fd).state != State::connected) return failure(ENOTCONN);
    return at(fd).remote;
}

bool FakeKernel::has_arrived(const Descriptor& socket) const {
    if (socket.inbox.empty() || socket.inbox.front().reset) return false;
    if (socket.state == State::failed) return true;
    return socket.inbox.front().due <= now_ &&
           (cuts_.empty() || !is_cut(socket.peer_host, socket.host));
}

bool FakeKernel::end_has_arrived(const Descriptor& socket) const {
    return has_arrived(socket) && socket.inbox.back().end && socket.inbox.back().due <= now_;
}

bool FakeKernel::reaches_low_water(const Descriptor& socket) const {
    return socket.low_water <= 1 || socket.inbox.arrived_bytes(now_) >= socket.low_water ||
           end_has_arrived(socket);
}

bool FakeKernel::has_space(const Descriptor& socket) {
    const std::size_t space = path(socket.host, socket.peer_host).buffer_size;
    if (socket.peer < 0) return socket.unheard < space;
    return at(socket.peer).inbox_bytes < space;
}

Result<std::size_t> FakeKernel::receive(int fd, std::span<char> buffer) {
    Descriptor& socket = at(fd);
    assert(socket.kind == Kind::socket && socket.host == host_);
    hear_reset(socket);
    if (!socket.ended && !has_arrived(socket)) {
        if (socket.error != 0) return failure(std::exchange(socket.error, 0));
        if (socket.state == State::failed) return 0;
        return failure(EAGAIN);
    }
    if (random_.chance(faults.short_receive)) {
        buffer = buffer.first(1 + random_.below(std::min<std::size_t>(buffer.size(), 40)));
    }
    const std::size_t size = drain_inbox(socket, buffer);
    if (size > 0 && socket.peer >= 0) stir(socket.peer_host);
    return size;
}

Result<std::size_t> FakeKernel::peek(int fd, std::span<char> buffer) {
    Descriptor& socket = at(fd);
    hear_reset(socket);
    if (socket.ended) return 0;
    if (!has_arrived(socket)) {
        if (socket.error != 0) return failure(socket.error);
        if (socket.state == State::failed) return 0;
        return failure(EAGAIN);
    }
    return socket.inbox.peek(now_, buffer);
}

// Up to the end, which is noted when it is next, and stays.
std::size_t FakeKernel::drain_inbox(Descriptor& socket, std::span<char> buffer) {
    std::size_t size = 0;
    while (size < buffer.size() && has_arrived(socket)) {
        Segment& segment = socket.inbox.front();
        if (segment.end) {
            socket.ended = socket.ended || size == 0;
            break;
        }
        const std::size_t left = segment.bytes.size() - segment.taken;
        const std::size_t count = std::min(buffer.size() - size, left);
        std::memcpy(buffer.data() + size, segment.bytes.data() + segment.taken, count);
        size += count;
        segment.taken += count;
        socket.inbox_bytes -= count;
        if (count == left) socket.inbox.pop();
    }
    return size;
}

Result<std::size_t> FakeKernel::send(int fd, std::string_view bytes) {
    constexpr std::array errors{ENOBUFS, ENOMEM};
    Descriptor& socket = at(fd);
    assert(socket.kind == Kind::socket && socket.host == host_);
    assert(!socket.write_shut);
    hear_reset(socket);
    if (socket.error != 0) return failure(std::exchange(socket.error, 0));
    if (socket.state != State::connected) return failure(EPIPE);
    if (bytes.empty()) return 0;
    if (socket.peer < 0) return send_to_nobody(socket, bytes.size());
    if (faults.send_fails > 0 && !spares(faults.send_fails)) return failure(pick_error(errors));
    const std::size_t used = at(socket.peer).inbox_bytes;
    const std::size_t space = path(socket.host, socket.peer_host).buffer_size;
    if (used >= space) return failure(EAGAIN);
    std::size_t size = std::min(bytes.size(), space - used);
    if (random_.chance(faults.short_send)) {
        if (random_.chance(20)) {
            stir(host_);
            return failure(EAGAIN);
        }
        size = 1 + random_.below(size);
    }
    if (said != nullptr) (*said)[{socket.host, socket.peer_host}] += bytes.substr(0, size);
    pass_to_peer(socket, {.bytes = std::string(bytes.substr(0, size))});
    return size;
}

// Bytes are taken while there is room for them; who has closed resets when they come there.
Result<std::size_t> FakeKernel::send_to_nobody(Descriptor& socket, std::size_t size) {
    if (!has_space(socket)) return failure(EAGAIN);
    size = std::min(size, path(socket.host, socket.peer_host).buffer_size - socket.unheard);
    socket.unheard += size;
    const bool told = !socket.inbox.empty() && socket.inbox.back().reset;
    if (socket.other == Other::vanished || told) return size;
    const std::int64_t there = now_ + delay(socket.host, socket.peer_host);
    push_reset(socket, {.due = there, .echo = true});
    return size;
}

void FakeKernel::pass_to_peer(Descriptor& from, Segment segment) {
    if (from.peer < 0) return;
    Descriptor& to = at(from.peer);
    segment.due = now_ + delay(from.host, to.host);
    // In order: nothing overtakes what was sent before it.
    if (!to.inbox.empty()) segment.due = std::max(segment.due, to.inbox.back().due);
    expect(segment.due, to.host);
    to.inbox_bytes += segment.bytes.size();
    to.inbox.push(std::move(segment));
}

void FakeKernel::shutdown_write(int fd) {
    Descriptor& socket = at(fd);
    if (socket.kind != Kind::socket || std::exchange(socket.write_shut, true)) return;
    if (socket.state == State::connected) pass_to_peer(socket, {.end = true});
}

// The reset is sent at its due, and comes when it can.
void FakeKernel::push_reset(Descriptor& to, Segment reset) {
    reset.reset = true;
    reset.due += delay(to.peer_host, to.host);
    if (!to.inbox.empty()) reset.due = std::max(reset.due, to.inbox.back().due);
    expect(reset.due, to.host);
    to.inbox.push(std::move(reset));
}

void FakeKernel::reset_peer(Descriptor& socket, Segment reset) {
    if (socket.peer < 0) return;
    push_reset(at(socket.peer), std::move(reset));
    lose_peer(socket, Other::closed);
}

// With unread input, closing resets; with input on its way, that does when it comes.
void FakeKernel::drop_connection(Descriptor& socket) {
    hear_reset(socket);
    if (socket.peer < 0) return;
    const bool unread = socket.inbox_bytes > 0;
    if (unread && has_arrived(socket)) return reset_peer(socket, {.due = now_});
    if (!socket.write_shut) pass_to_peer(socket, {.end = true});
    if (unread) return reset_peer(socket, {.due = socket.inbox.front().due, .echo = true});
    lose_peer(socket, Other::closed);
}

}  // namespace sim
