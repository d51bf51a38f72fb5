#include "tests/live/fault_proxy.hpp"

#include "tests/live/ports.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace live {

FaultProxy::FaultProxy(int buffer) : buffer_(buffer), port_(take_ports(1)[0]), listener_(port_) {
    const int on = 1;
    ::setsockopt(listener_.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    limit_buffers(listener_.fd());
    if (!listener_.bind() || !listener_.listen()) {
        throw std::system_error(
            errno, std::generic_category(), "proxy: listen at " + std::to_string(port_));
    }
    set_nonblocking(listener_.fd());
    thread_ = std::thread([this] { run(); });
}

FaultProxy::~FaultProxy() {
    stopping_ = true;
    thread_.join();
}

void FaultProxy::behave(const Faults& faults) {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
}

void FaultProxy::limit_buffers(int fd) const {
    if (buffer_ == 0) return;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_, sizeof buffer_);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_, sizeof buffer_);
}

void FaultProxy::run() {
    for (auto last = Clock::now(); !stopping_;) {
        std::this_thread::sleep_for(turn);
        const Faults faults = current();
        const std::chrono::duration<double> passed =
            Clock::now() - std::exchange(last, Clock::now());
        accept_all();
        const bool reset = reset_asked_.exchange(false);
        const bool end = end_asked_.exchange(false);
        pairs_.remove_if([&](Pair& pair) {
            const bool over = reset || end || !relay(pair, faults, passed.count());
            if (over) close_pair(pair, reset);
            return over;
        });
    }
    for (Pair& pair : pairs_) close_pair(pair, false);
}

Faults FaultProxy::current() {
    const std::lock_guard lock(mutex_);
    return faults_;
}

void FaultProxy::accept_all() {
    while (true) {
        const int fd = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        Pair& pair = pairs_.emplace_back(target_, fd);
        limit_buffers(pair.dialled.fd());
        if (target_ == 0 || !pair.dialled.connect()) {
            ::close(fd);
            pairs_.pop_back();
            continue;
        }
        ++connections_;
        set_nonblocking(pair.dialled.fd());
        const int on = 1;
        for (const int each : {fd, pair.dialled.fd()}) {
            ::setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
    }
}

void FaultProxy::close_pair(Pair& pair, bool reset) {
    const linger now{1, 0};
    for (const int fd : {pair.near, pair.dialled.fd()}) {
        if (reset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        // First, as to close what is not read yet is a reset.
        if (!reset) ::shutdown(fd, SHUT_WR);
    }
    ::close(pair.near);
}

bool FaultProxy::relay(Pair& pair, const Faults& faults, double seconds) {
    if (faults.stands_still) return true;
    pair.half_open = pair.half_open || faults.swallows;
    for (Way* way : {&pair.forth, &pair.back}) {
        if (pair.half_open) {
            if (!swallow(*way)) return false;
        } else if (!take(*way, faults, seconds) || !pass(*way, faults)) {
            return false;
        }
    }
    return !(pair.forth.shut && pair.back.shut);
}

bool FaultProxy::swallow(Way& way) {
    char bytes[read_max];
    ssize_t got = 0;
    while ((got = ::recv(way.from, bytes, sizeof bytes, 0)) > 0) {
    }
    way.ended = way.ended || !(got < 0 && errno == EAGAIN);
    way.shut = way.ended;
    return true;
}

bool FaultProxy::take(Way& way, const Faults& faults, double seconds) {
    std::size_t limit = read_max;
    if (faults.bytes_per_second > 0) {
        // What was not used of it is lost, but for a few turns' worth.
        const auto rate = static_cast<double>(faults.bytes_per_second);
        way.allowance = std::min(way.allowance + rate * seconds, std::max(rate / 50, 64.0));
        limit = std::min(limit, static_cast<std::size_t>(way.allowance));
    }
    if (way.ended || limit == 0 || way.held > held_max) return true;
    char bytes[read_max];
    const ssize_t got = ::recv(way.from, bytes, limit, 0);
    if (got < 0) return errno == EAGAIN;
    if (got == 0) way.ended = true;
    const auto size = static_cast<std::size_t>(got);
    if (faults.bytes_per_second > 0) way.allowance -= static_cast<double>(size);
    way.held += size;
    if (size > 0) way.pieces.push_back({Clock::now() + faults.delay, std::string(bytes, size)});
    return true;
}

bool FaultProxy::pass(Way& way, const Faults& faults) {
    while (!way.pieces.empty() && way.pieces.front().due <= Clock::now()) {
        std::string& bytes = way.pieces.front().bytes;
        const std::size_t size =
            faults.piece > 0 ? std::min(faults.piece, bytes.size()) : bytes.size();
        const ssize_t sent = ::send(way.to, bytes.data(), size, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN;
        passed_ += static_cast<std::uint64_t>(sent);
        way.held -= static_cast<std::size_t>(sent);
        bytes.erase(0, static_cast<std::size_t>(sent));
        if (bytes.empty()) way.pieces.pop_front();
    }
    if (way.ended && way.pieces.empty() && !std::exchange(way.shut, true)) {
        ::shutdown(way.to, SHUT_WR);
    }
    return true;
}

}  // namespace live
