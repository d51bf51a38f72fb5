#pragma once

#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace reactor {

// Where a stream's bytes meet the kernel: a connected socket, through which all of them enter and
// leave. Owns the socket, and no bytes: both buffers are the caller's, lent for the call.
//
// What it carries is plain, or sealed: Stream::write() is the one place that all output passes
// before the kernel has seen or a block has kept any of it, and there it is sealed; so what is
// unsent is offered to send() as it is, from wherever it has moved to. What comes is opened in
// Stream::read_sealed().
class Transport {
public:
    enum class Flow : std::uint8_t {
        moved,   // some bytes: `count`
        again,   // none now; the kernel says when to try again
        ended,   // none any more: the peer has ended its direction
        gone,    // the peer takes none any more; what it had sent may still be received
        broken,  // none any more, either way: close() is all that is left
    };
    struct Moved {
        Flow flow;
        std::size_t count = 0;  // Above 0 if, and only if, some moved.
    };

    void open(Socket socket) {
        assert(!is_open());
        assert(socket.open());
        socket_ = std::move(socket);
    }
    void close() { socket_.close(); }
    bool is_open() const { return socket_.open(); }

    // Fills `buffer`, which is not empty, from its start.
    Moved receive(std::span<char> buffer);
    // Takes the first `count` of `bytes`, of which there are some. Never `ended`; only this says
    // `gone`.
    Moved send(std::string_view bytes);
    // Once, with all sent. The peer is told that no more will come.
    void end_output() { sys::shutdown_write(socket_.fd()); }

    Socket& socket() { return socket_; }

private:
    static Moved failed(Errno error) {
        // On Linux, EWOULDBLOCK is the same.
        return {error.value == EAGAIN ? Flow::again : Flow::broken};
    }

    Socket socket_;
};

// In each read and each send of each stream: worth being inlined.
inline Transport::Moved Transport::receive(std::span<char> buffer) {
    assert(!buffer.empty());  // The 0 bytes of an empty buffer would read as the peer's end.
    const auto received = sys::receive(socket_.fd(), buffer);
    if (!received) return failed(received.error());
    assert(*received <= buffer.size());
    return {*received > 0 ? Flow::moved : Flow::ended, *received};
}

inline Transport::Moved Transport::send(std::string_view bytes) {
    assert(!bytes.empty());
    const auto sent = sys::send(socket_.fd(), bytes);
    if (!sent) {
        const int error = sent.error().value;
        return error == ECONNRESET || error == EPIPE ? Moved{Flow::gone} : failed(sent.error());
    }
    assert(*sent <= bytes.size());
    return {*sent > 0 ? Flow::moved : Flow::again, *sent};
}

}  // namespace reactor
