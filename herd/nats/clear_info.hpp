#pragma once

#include "protocol/nats_reader.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace herd::nats {

// Reads what a broker says in the clear before both shake hands: one INFO, and nothing else. Bytes
// behind it that came along are no broker's, which waits for the handshake, but of somebody on the
// way who wants them to be taken for what is sealed.
//
//   idle --begin()--> reading --INFO--> idle, and `told` has the socket
//                        |--anything else, or the end--> idle, and `failed` is called
//
// Pinned; its owner bounds the time that it takes.
class ClearInfo {
public:
    using Told = reactor::Delegate<void(reactor::Socket, std::string_view json)>;
    using Failed = reactor::Delegate<void(bool nonsense)>;  // or else the connection has ended

    ClearInfo(reactor::Loop& loop, Told told, Failed failed)
        : loop_(loop), told_(told), failed_(failed) {}

    // Fails when the loop is full.
    reactor::Result<void> begin(reactor::Socket socket);
    // Nobody is told.
    void cancel();
    bool reading() const { return socket_.open(); }

private:
    void on_ready(reactor::Ready ready);
    void fail(bool nonsense);

    static constexpr std::size_t size_max = std::size_t{16} << 10;

    reactor::Loop& loop_;
    Told told_;
    Failed failed_;
    reactor::Socket socket_;
    reactor::Watch watch_;
    std::size_t size_ = 0;
    std::array<char, size_max> bytes_{};  // As far as size_.
};

}  // namespace herd::nats
