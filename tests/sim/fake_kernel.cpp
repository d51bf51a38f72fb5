#include "tests/sim/fake_kernel.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace sim {

using reactor::failure;
using reactor::Result;
namespace sys = reactor::sys;

namespace {

// 2026-01-01 00:00 UTC: where the wall clocks of all hosts start, but for their skews.
constexpr std::int64_t wall_start_ns = 1'767'225'600'000'000'000;

}  // namespace

FakeKernel* FakeKernel::installed = nullptr;

FakeKernel::FakeKernel(std::uint64_t seed) : previous_(installed), random_(seed) {
    installed = this;
}

FakeKernel::~FakeKernel() {
    installed = previous_;
}

FakeKernel& FakeKernel::current() {
    assert(installed != nullptr);
    return *installed;
}

void FakeKernel::advance_to(std::int64_t time_ns) {
    assert(time_ns >= now_);
    now_ = time_ns;
}

std::int64_t FakeKernel::wall_ns() const {
    const auto skew = skews_.find(host_);
    return wall_start_ns + now_ + (skew == skews_.end() ? 0 : skew->second);
}

std::optional<std::int64_t> FakeKernel::next_arrival() const {
    std::optional<std::int64_t> next;
    const auto consider = [&](std::int64_t due) {
        if (due > now_ && (!next || due < *next)) next = due;
    };
    for (const Descriptor& descriptor : descriptors_) {
        if (descriptor.kind == Kind::socket) {
            if (descriptor.state == State::connecting) consider(descriptor.settled_at);
            const bool held = is_cut(descriptor.host, descriptor.peer_host);
            if (!descriptor.inbox.empty() && !held) consider(descriptor.inbox.front().due);
        }
        for (const auto& [due, fd] : descriptor.backlog) consider(due);
    }
    return next;
}

bool FakeKernel::ready(Host host) {
    for (const Descriptor& poll : descriptors_) {
        if (poll.kind != Kind::poll || poll.host != host) continue;
        for (const auto& [fd, interest] : poll.interests) {
            if ((readiness(at(fd)) & (interest.mask | sys::hangup)) != 0) return true;
        }
    }
    return false;
}

void FakeKernel::cut(Host a, Host b, bool reset) {
    if (!cuts_.insert(pair(a, b)).second || !reset) return;
    for (Descriptor& socket : descriptors_) {
        if (socket.kind != Kind::socket || socket.peer < 0) continue;
        if (pair(socket.host, socket.peer_host) != pair(a, b)) continue;
        socket.inbox.clear();
        socket.inbox_bytes = 0;
        socket.error = ECONNRESET;
        socket.state = State::failed;
        socket.peer = -1;
    }
}

std::size_t FakeKernel::open_descriptors(Host host) const {
    return static_cast<std::size_t>(
        std::count_if(descriptors_.begin(), descriptors_.end(), [host](const Descriptor& d) {
            return d.kind != Kind::none && d.host == host;
        }));
}

// The lowest free number, as POSIX demands: it is what makes stale events dangerous.
int FakeKernel::allocate(Kind kind) {
    std::size_t fd = 3;
    while (fd < descriptors_.size() && descriptors_[fd].kind != Kind::none) ++fd;
    if (fd >= descriptors_.size()) descriptors_.resize(fd + 1);
    descriptors_[fd] = Descriptor{};
    descriptors_[fd].kind = kind;
    descriptors_[fd].host = host_;
    return static_cast<int>(fd);
}

FakeKernel::Descriptor& FakeKernel::at(int fd) {
    assert(fd >= 0 && static_cast<std::size_t>(fd) < descriptors_.size());
    return descriptors_[static_cast<std::size_t>(fd)];
}

FakeKernel::Descriptor* FakeKernel::find(int fd, Kind kind) {
    Descriptor& descriptor = at(fd);
    return descriptor.kind == kind ? &descriptor : nullptr;
}

Result<int> FakeKernel::open_socket() {
    return allocate(Kind::socket);
}
Result<int> FakeKernel::open_file() {
    return allocate(Kind::file);
}
Result<int> FakeKernel::open_poll() {
    return allocate(Kind::poll);
}

int FakeKernel::open_mailbox() {
    const int fd = allocate(Kind::socket);
    at(fd).state = State::connected;
    at(fd).peer_host = host_;
    return fd;
}

void FakeKernel::put(int mailbox, std::string message, std::int64_t delay_ns) {
    auto& inbox = at(mailbox).inbox;
    const std::int64_t begin = inbox.empty() ? now_ : std::max(now_, inbox.back().due);
    inbox.push_back({.due = begin + delay_ns, .bytes = std::move(message)});
}

std::optional<std::string> FakeKernel::take(int mailbox) {
    Descriptor& box = at(mailbox);
    if (!arrived(box)) return std::nullopt;
    std::string message = std::move(box.inbox.front().bytes);
    box.inbox.pop_front();
    return message;
}

Result<void> FakeKernel::bind(int fd, const reactor::Address& address) {
    if (listeners_.contains(address.port)) return failure(EADDRINUSE);
    at(fd).local = address;
    return {};
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
    if (socket.local.port == 0) socket.local = reactor::Address::loopback(next_port_++);
    socket.remote = address;
    socket.state = State::connecting;
    socket.settled_at = now_ + delay();
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
    if (is_cut(socket.host, at(listener->second).host)) {
        socket.settled_at = now_ + 1'000'000'000;  // SYN again
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
    at(listener).backlog.emplace_back(now_ + delay(), accepted);
}

Result<int> FakeKernel::accept(int fd) {
    Descriptor& listener = at(fd);
    assert(listener.kind == Kind::listener);
    if (listener.backlog.empty() || listener.backlog.front().first > now_) return failure(EAGAIN);
    if (random_.chance(faults.accept_fails)) return failure(EMFILE);
    const int accepted = listener.backlog.front().second;
    listener.backlog.erase(listener.backlog.begin());
    return accepted;
}

Result<void> FakeKernel::take_error(int fd) {
    Descriptor& socket = at(fd);
    settle(socket, fd);
    const int error = std::exchange(at(fd).error, 0);
    if (error != 0) return failure(error);
    return {};
}

Result<reactor::Address> FakeKernel::local_address(int fd) {
    return at(fd).local;
}

Result<reactor::Address> FakeKernel::peer_address(int fd) {
    if (at(fd).state != State::connected) return failure(ENOTCONN);
    return at(fd).remote;
}

bool FakeKernel::arrived(const Descriptor& socket) const {
    return !socket.inbox.empty() && socket.inbox.front().due <= now_ &&
           !is_cut(socket.host, socket.peer_host);
}

Result<std::size_t> FakeKernel::receive(int fd, std::span<char> room) {
    Descriptor& socket = at(fd);
    assert(socket.kind == Kind::socket && socket.host == host_);
    if (socket.error != 0) return failure(std::exchange(socket.error, 0));
    if (socket.ended) return 0;
    if (socket.state == State::failed) return failure(ECONNRESET);
    if (!arrived(socket)) return failure(EAGAIN);
    if (random_.chance(faults.short_receive)) {
        room = room.first(1 + random_.below(std::min<std::size_t>(room.size(), 40)));
    }
    std::size_t size = 0;
    while (size < room.size() && arrived(socket)) {
        Segment& segment = socket.inbox.front();
        if (segment.reset) {
            if (size > 0) break;
            drop_connection(fd, false);
            socket.state = State::failed;
            return failure(ECONNRESET);
        }
        if (segment.end) {
            if (size == 0) socket.ended = true;
            break;
        }
        const std::size_t count = std::min(room.size() - size, segment.bytes.size());
        std::memcpy(room.data() + size, segment.bytes.data(), count);
        size += count;
        socket.inbox_bytes -= count;
        segment.bytes.erase(0, count);
        if (segment.bytes.empty()) socket.inbox.pop_front();
    }
    return size;
}

Result<std::size_t> FakeKernel::send(int fd, std::string_view bytes) {
    Descriptor& socket = at(fd);
    assert(socket.kind == Kind::socket && socket.host == host_);
    assert(!socket.write_shut);
    if (socket.error != 0) return failure(std::exchange(socket.error, 0));
    if (socket.state != State::connected) return failure(EPIPE);
    if (bytes.empty()) return 0;
    // The other end is closed: the bytes are taken and answered by a reset.
    if (socket.peer < 0) return bytes.size();
    const std::size_t used = at(socket.peer).inbox_bytes;
    if (used >= buffer_size) return failure(EAGAIN);
    std::size_t size = std::min(bytes.size(), buffer_size - used);
    if (random_.chance(faults.short_send)) {
        if (random_.chance(20)) return failure(EAGAIN);
        size = 1 + random_.below(size);
    }
    pass_to_peer(socket, {.bytes = std::string(bytes.substr(0, size))});
    return size;
}

void FakeKernel::pass_to_peer(Descriptor& from, Segment segment) {
    if (from.peer < 0) return;
    Descriptor& to = at(from.peer);
    segment.due = now_ + delay();
    // In order: nothing overtakes what was sent before it.
    if (!to.inbox.empty()) segment.due = std::max(segment.due, to.inbox.back().due);
    to.inbox_bytes += segment.bytes.size();
    to.inbox.push_back(std::move(segment));
}

void FakeKernel::shutdown_write(int fd) {
    Descriptor& socket = at(fd);
    if (socket.kind != Kind::socket || std::exchange(socket.write_shut, true)) return;
    if (socket.state == State::connected) pass_to_peer(socket, {.end = true});
}

// Closing with unread input resets, as Linux does; the other end learns of either in its turn.
void FakeKernel::drop_connection(int fd, bool reset) {
    Descriptor& socket = at(fd);
    if (socket.peer < 0) return;
    if (reset) {
        pass_to_peer(socket, {.reset = true});
    } else if (!socket.write_shut) {
        pass_to_peer(socket, {.end = true});
    }
    at(socket.peer).peer = -1;
    socket.peer = -1;
}

void FakeKernel::close(int fd) {
    Descriptor& descriptor = at(fd);
    assert(descriptor.kind != Kind::none);
    if (descriptor.kind == Kind::socket) {
        drop_connection(fd, descriptor.inbox_bytes > 0);
    } else if (descriptor.kind == Kind::listener) {
        listeners_.erase(descriptor.local.port);
        for (const auto& [due, accepted] : descriptor.backlog) {
            drop_connection(accepted, true);
            at(accepted) = Descriptor{};
        }
    }
    for (Descriptor& poll : descriptors_) poll.interests.erase(fd);
    at(fd) = Descriptor{};
}

Result<void> FakeKernel::poll_add(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    if (find(fd, Kind::none) != nullptr) return failure(EBADF);
    if (!at(poll).interests.emplace(fd, Interest{mask, data}).second) return failure(EEXIST);
    return {};
}

Result<void> FakeKernel::poll_change(int poll, int fd, std::uint32_t mask, std::uint64_t data) {
    const auto found = at(poll).interests.find(fd);
    if (found == at(poll).interests.end()) return failure(ENOENT);
    found->second = {mask, data};
    return {};
}

Result<void> FakeKernel::poll_remove(int poll, int fd) {
    if (at(poll).interests.erase(fd) == 0) return failure(ENOENT);
    return {};
}

std::uint32_t FakeKernel::readiness(const Descriptor& descriptor) const {
    if (descriptor.kind == Kind::listener) {
        const bool waiting =
            !descriptor.backlog.empty() && descriptor.backlog.front().first <= now_;
        return waiting ? sys::readable : 0;
    }
    if (descriptor.kind != Kind::socket) return 0;
    if (descriptor.state == State::failed) return sys::readable | sys::writable | sys::hangup;
    if (descriptor.state == State::connecting) {
        return now_ >= descriptor.settled_at ? sys::writable : 0;
    }
    if (descriptor.state != State::connected) return 0;
    std::uint32_t mask = 0;
    if (descriptor.ended || arrived(descriptor)) mask |= sys::readable;
    if (arrived(descriptor) && descriptor.inbox.front().reset) mask |= sys::hangup;
    const bool room = descriptor.peer < 0 ||
                      const_cast<FakeKernel*>(this)->at(descriptor.peer).inbox_bytes < buffer_size;
    if (room) mask |= sys::writable;
    return mask;
}

std::size_t FakeKernel::wait(int poll, std::span<sys::Event> events) {
    std::vector<sys::Event> found;
    std::vector<int> watched;
    for (const auto& [fd, interest] : at(poll).interests) watched.push_back(fd);
    for (const int fd : watched) {
        if (at(fd).kind == Kind::socket) settle(at(fd), fd);
        const Interest& interest = at(poll).interests.at(fd);
        const std::uint32_t mask = readiness(at(fd)) & (interest.mask | sys::hangup);
        // A connect still under way after settle() was held up by a cut.
        if (mask != 0 && at(fd).state != State::connecting) found.push_back({mask, interest.data});
    }
    for (std::size_t i = found.size(); i > 1; --i) {
        std::swap(found[i - 1], found[random_.below(i)]);
    }
    const std::size_t count = std::min(found.size(), events.size());
    std::copy_n(found.begin(), count, events.begin());
    return count;
}

}  // namespace sim
