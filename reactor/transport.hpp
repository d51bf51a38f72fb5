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
// This is plain TCP. A transport that seals what it carries (TLS) stands in the same place, and
// this is what a stream and such a transport may expect of each other:
//
// - It comes here ready: whoever accepts or dials has had the handshake made, under a deadline of
//   its own, before Stream::open(). What came behind the handshake comes with it, as input in hand.
// - Input in hand: after `moved` more may stand ready in the transport, of which the kernel says
//   nothing. Then receive() is to be called again from a task, as after resume(), and not by
//   waiting for "readable". Once per turn all the same: the others have a turn, too. (Plain TCP has
//   none.)
// - Part of a record is `again`: the transport keeps it, in borrowed blocks, and nothing of it is
//   shown before all of it has come. For the clock such a stream waits for the rest of something.
// - receive() may write to all of `buffer`, not only to the `count` bytes that it returns. What the
//   sealed bytes are read into is the wire's, like `buffer`, and is no stream's between two calls.
// - Plain bytes are sealed exactly once and in order. Stream::write() is the one place that all of
//   them pass, before the kernel has seen or a block has kept any: so what is unsent is sealed
//   already, and is offered to send() again as it is, from wherever it has moved to.
// - receive() may have something to send (an alert, new keys): behind what is unsent, never within
//   it. send() may have to receive first: it returns `again` though the kernel would take bytes.
//   For both the stream asks the kernel anew in Stream::update(), which alone knows what to ask
//   for.
// - A farewell is output: end_output() has it sent before our direction ends, and while the kernel
//   refuses some of it, the stream is draining. What is discarded after that need not be unsealed.
// - An end without the peer's farewell is `ended` where half a line may be dropped, and otherwise
//   `broken`: anybody on the way can forge it.
class Transport {
public:
    enum class Flow : std::uint8_t {
        moved,   // some bytes: `count`
        again,   // none now; the kernel says when to try again
        ended,   // none any more: the peer has ended its direction
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
    // Takes the first `count` of `bytes`, of which there are some. Never `ended`.
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
    if (!sent) return failed(sent.error());
    assert(*sent <= bytes.size());
    return {*sent > 0 ? Flow::moved : Flow::again, *sent};
}

}  // namespace reactor
