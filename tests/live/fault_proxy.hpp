#pragma once

#include "tests/live/client.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace live {

// What a network may do to a connection without asking either end. Both ways alike.
struct Faults {
    std::uint64_t bytes_per_second = 0;  // 0: no limit
    std::chrono::milliseconds delay{0};  // of every byte, on its way
    std::size_t piece = 0;               // passes on no more than so many bytes at once; 0: all
    bool stands_still = false;           // reads nothing: the sender's window closes
    // Takes everything and passes nothing on. A connection that has lost bytes so stays like that,
    // and neither end is told of the other's end: it is half open.
    bool swallows = false;
};

// Relays connections on loopback to a server, with faults that can be changed at any time. A thread
// of its own. It holds back no more than the delay makes it; the rest waits with the sender.
class FaultProxy {
public:
    // `buffer`: bytes that the kernel may keep for it, per connection; 0: as it likes.
    explicit FaultProxy(int buffer = 0)
        : buffer_(buffer), port_(free_ports(1)[0]), listener_(port_) {
        const int on = 1;
        ::setsockopt(listener_.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        limit_buffers(listener_.fd());
        if (!listener_.bind() || !listener_.listen()) throw std::runtime_error("proxy: listen");
        set_nonblocking(listener_.fd());
        thread_ = std::thread([this] { run(); });
    }
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;
    ~FaultProxy() {
        stopping_ = true;
        thread_.join();
    }

    std::uint16_t port() const { return port_; }
    // Where it leads. Nowhere (0, at first): who comes is told that at once.
    void aim(std::uint16_t target) { target_ = target; }
    void behave(const Faults& faults) {
        const std::lock_guard lock(mutex_);
        faults_ = faults;
    }
    // Ends every connection by RST, both ways.
    void reset() { reset_asked_ = true; }

    // That it has relayed so far.
    std::uint64_t connections() const { return connections_; }
    std::uint64_t bytes_passed() const { return passed_; }

private:
    struct Piece {
        Clock::time_point due;
        std::string bytes;
    };
    // From one socket to the other.
    struct Way {
        int from;
        int to;
        std::deque<Piece> pieces = {};
        std::size_t held = 0;
        double allowance = 0;  // bytes that may be read now
        bool ended = false;    // the sender has said its last byte
        bool shut = false;     // and the receiver knows
    };
    struct Pair {
        Pair(std::uint16_t port, int accepted) : dialled(port), near(accepted) {}

        LoopbackSocket dialled;
        int near;
        Way forth{near, dialled.fd()};
        Way back{dialled.fd(), near};
        bool half_open = false;
    };

    static constexpr std::size_t read_max = 65'536;
    static constexpr std::size_t held_max = std::size_t{1} << 20;
    static constexpr auto turn = std::chrono::milliseconds(2);

    static void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, O_NONBLOCK); }
    void limit_buffers(int fd) const {
        if (buffer_ == 0) return;
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_, sizeof buffer_);
        ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_, sizeof buffer_);
    }

    void run() {
        for (auto last = Clock::now(); !stopping_;) {
            std::this_thread::sleep_for(turn);
            const Faults faults = current();
            const std::chrono::duration<double> passed =
                Clock::now() - std::exchange(last, Clock::now());
            accept_all();
            const bool reset = reset_asked_.exchange(false);
            pairs_.remove_if([&](Pair& pair) {
                const bool over = reset || !relay(pair, faults, passed.count());
                if (over) close_pair(pair, reset);
                return over;
            });
        }
        for (Pair& pair : pairs_) close_pair(pair, false);
    }
    Faults current() {
        const std::lock_guard lock(mutex_);
        return faults_;
    }

    void accept_all() {
        while (true) {
            const int fd =
                ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
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
    static void close_pair(Pair& pair, bool reset) {
        const linger now{1, 0};
        for (const int fd : {pair.near, pair.dialled.fd()}) {
            if (reset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        ::close(pair.near);
    }

    // Whether there is still something to relay.
    bool relay(Pair& pair, const Faults& faults, double seconds) {
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
    // Until the first of the two gives up; the other one finds out by itself.
    static bool swallow(Way& way) {
        char bytes[read_max];
        ssize_t got = 0;
        while ((got = ::recv(way.from, bytes, sizeof bytes, 0)) > 0) {
        }
        way.ended = way.ended || !(got < 0 && errno == EAGAIN);
        way.shut = way.ended;
        return true;
    }
    bool take(Way& way, const Faults& faults, double seconds) {
        std::size_t room = read_max;
        if (faults.bytes_per_second > 0) {
            // What was not used of it is lost, but for a few turns' worth.
            const auto rate = static_cast<double>(faults.bytes_per_second);
            way.allowance = std::min(way.allowance + rate * seconds, std::max(rate / 50, 64.0));
            room = std::min(room, static_cast<std::size_t>(way.allowance));
        }
        if (way.ended || room == 0 || way.held > held_max) return true;
        char bytes[read_max];
        const ssize_t got = ::recv(way.from, bytes, room, 0);
        if (got < 0) return errno == EAGAIN;
        if (got == 0) way.ended = true;
        const auto size = static_cast<std::size_t>(got);
        if (faults.bytes_per_second > 0) way.allowance -= static_cast<double>(size);
        way.held += size;
        if (size > 0) way.pieces.push_back({Clock::now() + faults.delay, std::string(bytes, size)});
        return true;
    }
    bool pass(Way& way, const Faults& faults) {
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

    std::atomic<std::uint16_t> target_ = 0;
    const int buffer_;
    const std::uint16_t port_;
    LoopbackSocket listener_;
    std::mutex mutex_;
    Faults faults_;
    std::atomic<bool> reset_asked_ = false;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> connections_ = 0;
    std::atomic<std::uint64_t> passed_ = 0;
    std::list<Pair> pairs_;
    std::thread thread_;
};

}  // namespace live
