#pragma once

#include "reactor/loop.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// Real descriptors for the reactor's tests, and ways to turn a loop without ever sleeping.
namespace reactor::test {

struct Pair {
    Socket ours;    // The reactor's end.
    Socket theirs;  // The peer's.
};

inline Pair local_pair(int send_buffer = 0) {
    std::array<int, 2> fds{};
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    REQUIRE(socketpair(AF_UNIX, type, 0, fds.data()) == 0);
    if (send_buffer > 0) {
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    }
    return {Socket(fds[0]), Socket(fds[1])};
}

// A listening socket on a free port of this machine.
struct Door {
    Socket socket;
    Address address;
};

inline Door open_door(int backlog = 16, int receive_buffer = 0) {
    Socket socket(sys::open_socket(false).value());
    if (receive_buffer > 0) {
        setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    REQUIRE(sys::bind(socket.fd(), Address::loopback(0)).has_value());
    REQUIRE(sys::listen(socket.fd(), backlog).has_value());
    const Address address = sys::local_address(socket.fd()).value();
    return {std::move(socket), address};
}

// A port of this machine where nobody listens.
inline Address closed_door() {
    return open_door().address;
}

inline Socket knock(const Address& address) {
    Socket socket(sys::open_socket(false).value());
    static_cast<void>(sys::connect(socket.fd(), address));
    return socket;
}

// Unlike a local pair, it can be reset, and tells the end of one direction from that of both.
inline Pair tcp_pair(int buffers = 0) {
    const Door door = open_door(1, buffers);
    Socket ours = knock(door.address);
    if (buffers > 0) {
        static_cast<void>(sys::set_option(ours.fd(), sys::Option::send_buffer_size, buffers));
    }
    auto theirs = sys::accept(door.socket.fd());
    REQUIRE(theirs.has_value());
    return {std::move(ours), Socket(*theirs)};
}

// Accepted from 127.0.0.`host`.
inline Pair tcp_pair_from(std::uint8_t host) {
    const Door door = open_door(1);
    Socket theirs(sys::open_socket(false).value());
    REQUIRE(sys::bind(theirs.fd(), {{127, 0, 0, host}, false, 0}).has_value());
    static_cast<void>(sys::connect(theirs.fd(), door.address));
    auto ours = sys::accept(door.socket.fd());
    REQUIRE(ours.has_value());
    return {Socket(*ours), std::move(theirs)};
}

inline void say(const Socket& socket, std::string_view text) {
    REQUIRE(sys::send(socket.fd(), text) == text.size());
}

// What has arrived by now.
inline std::string hear(const Socket& socket, std::size_t size_max = SIZE_MAX) {
    std::string heard;
    std::array<char, 16384> buffer{};
    while (heard.size() < size_max) {
        const std::size_t wanted = std::min(buffer.size(), size_max - heard.size());
        const auto got = sys::receive(socket.fd(), {buffer.data(), wanted});
        if (!got || *got == 0) break;
        heard.append(buffer.data(), *got);
    }
    return heard;
}

inline bool hears_end(const Socket& socket) {
    char byte = 0;
    const auto got = sys::receive(socket.fd(), {&byte, 1});
    return got.has_value() && *got == 0;
}

inline int unread(const Socket& socket) {
    int count = 0;
    REQUIRE(ioctl(socket.fd(), FIONREAD, &count) == 0);
    return count;
}

// Closes it so that its peer is reset.
inline void slam(Socket& socket) {
    const linger now{1, 0};
    setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket.close();
}

struct Nothing {
    void happen() { happened = true; }
    void hear(Ready) { happened = true; }
    Delegate<void()> delegate() { return Delegate<void()>::to<&Nothing::happen>(*this); }
    bool happened = false;
};

// One iteration that does not wait.
inline void turn(Loop& loop, int times = 1) {
    Nothing nothing;
    Task task(loop, Phase::work, nothing.delegate());
    for (int i = 0; i < times; ++i) {
        task.post();
        loop.run_once();
    }
}

// Iterates until `done()`, which may play the peer, and is asked again at least every millisecond;
// false when that takes longer than anything here should.
template <class Done>
bool run_until(Loop& loop, Done done) {
    const std::int64_t late = sys::monotonic_ns() + 20'000'000'000;
    Nothing nothing;
    Timer tick(loop, nothing.delegate());
    while (!done()) {
        if (sys::monotonic_ns() > late) return false;
        tick.start(std::chrono::milliseconds(1));
        loop.run_once();
    }
    return true;
}

// How often the loop iterates of itself in a few milliseconds: 1 or 2, unless something spins.
inline int iterations_at_rest(Loop& loop) {
    Nothing over;
    Timer alarm(loop, over.delegate());
    alarm.start_at(Instant(Duration(sys::monotonic_ns())) + std::chrono::milliseconds(3));
    int count = 0;
    for (; !over.happened; ++count) loop.run_once();
    return count;
}
constexpr int at_rest_max = 8;

struct OpenLoop : Loop {
    explicit OpenLoop(const Limits& limits = {}) { REQUIRE(open(limits).has_value()); }
};

}  // namespace reactor::test
