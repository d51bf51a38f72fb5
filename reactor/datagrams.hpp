#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace reactor {

// A port for datagrams (UDP) that hands on what has come: with one system call at most
// sys::datagrams_max of them, and those once in an iteration, however many wait. What the kernel
// has no room for meanwhile is lost. Nothing is ever sent. Pinned.
class Datagrams {
public:
    // Views of the port's own memory, which die when this returns.
    using Received = Delegate<void(std::span<const sys::Datagram> batch)>;

    // `size_max`: bytes of one; of a longer one that is what comes, and it is `cut`.
    Datagrams(Loop& loop, std::size_t size_max, Received received)
        : loop_(loop), size_max_(size_max), received_(received) {}

    // Bytes that open() maps.
    static constexpr std::size_t memory(std::size_t size_max) {
        return sys::datagrams_max * size_max;
    }
    // Once. Port 0 takes a free one; returns the address in force.
    Result<Address> open(const Address& address);
    void close();

private:
    // What is asked for; the kernel gives what it may. A whole fleet reports on the second.
    static constexpr int kernel_buffer_size = 4 << 20;

    void on_ready(Ready ready);

    Loop& loop_;
    std::size_t size_max_;
    Received received_;
    Pages room_;
    Socket socket_;
    Watch watch_;
};

}  // namespace reactor
