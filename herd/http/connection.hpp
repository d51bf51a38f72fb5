#pragma once

#include "herd/http/answer.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/request_parser.hpp"
#include "reactor/delegate.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/socket.hpp"
#include "reactor/stream.hpp"
#include "reactor/time.hpp"
#include "reactor/wire.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace herd::http {

// What bounds a server.
struct Limits {
    std::uint32_t connections = 64;
    std::uint32_t connections_per_address = 0;              // but of this host's; 0: all of them
    std::uint64_t body_max = std::uint64_t{64} << 10;       // bytes of a request's body
    std::uint32_t requests_per_turn = 16;                   // of one connection
    std::uint32_t body_per_turn = std::uint32_t{64} << 10;  // bytes of one connection's bodies
    // How long, in seconds, a connection may take to do what it has to.
    std::uint32_t request_s = 10;  // from a request's first byte to its last
    std::uint32_t first_s = 10;    // to its first byte
    std::uint32_t idle_s = 60;     // between two requests
    std::uint32_t drain_s = 10;    // to read an answer
    std::uint32_t linger_s = 2;    // to end, behind its last answer
};

struct Counters {
    std::uint64_t requests = 0;  // whose head was in order
    std::uint64_t refused = 0;   // malformed, or too large
    std::uint64_t late = 0;      // connections closed as a request was not whole in time
    std::uint64_t stalled = 0;   // that did not read, or not end, in time
    std::uint64_t evicted = 0;   // closed to make room for others
    std::uint64_t waited = 0;    // times that accepting stopped for want of room
    std::uint64_t crowds = 0;    // closed as their address had as many as it may have
    std::uint64_t sealed = 0;    // that spoke TLS where that is not spoken
};

// What the connections of one server share; outlives them. Loop and streams run one of them at a
// time, so what is needed only meanwhile stands here, once.
struct Host {
    reactor::Wire& wire;
    std::span<const Route> routes;
    Limits limits;
    Counters counters{};
    reactor::Delegate<reactor::Handle<Connection>(const Connection&)> handle_of = {};
    reactor::Delegate<void(Connection&)> ended = {};  // Releases the connection.
    // Of one that speaks TLS where that is not spoken, before it ends; may be null.
    reactor::Delegate<void(Connection&)> heard_tls = {};
    Request request{};      // Whose head has just come.
    bool draining = false;  // Each answer is its connection's last.
};

// One client's connection: takes its requests one at a time, in order, and hands each to who
// answers it. Meanwhile nothing further is read.
//
//   reading --head--> receiving --body whole--> owing --start()--> streaming
//      |  ^               |                       |answer()           |end()
//      |  +---------------|-----------------------+-------------------+
//      +--refused, idle---+--answered early--> ended
//
// `ended` also follows an answer that says "Connection: close", and the client's end. Pinned. Lives
// in the slab of the Server from accept until the host's `ended` is called.
class Connection final : public reactor::StreamEvents {
public:
    explicit Connection(Host& host);

    reactor::Result<void> open(reactor::Socket socket, reactor::SealPtr seal = {}) {
        if (unwelcome_) return std::unexpected(reactor::Errno{EUSERS});
        return stream_.open(std::move(socket), std::move(seal));
    }
    // Before open(): which fails then.
    void turn_away() { unwelcome_ = true; }

    // For who answers the request at hand. -----------------------------------------------------

    std::uint32_t slot() const { return host_.handle_of(*this).index; }
    Ticket ticket() const { return {host_.handle_of(*this), number_}; }
    bool is(Ticket ticket) const { return ticket.number == number_ && asks() && !stream_.dead(); }

    // The whole answer. Head and body are no more than the shared send buffer has room for.
    void answer(const Answer& answer);
    // An answer that says no more than its status.
    void refuse(unsigned status, std::string_view extra = {});

    // An answer that comes in parts: its head and first part. False: it was a HEAD, and that was
    // all. Who is not read from is blocked() after a while, and goes unless it reads.
    bool start(const Answer& answer);
    void send(std::string_view part);
    void end();
    bool blocked() const { return stream_.blocked(); }
    // Its answer has begun.
    bool is_streaming() const { return state_ == State::streaming; }

    // For answers that are wrong on purpose: written to the stream, and then there is a next
    // request, or there is none, or nothing is said any more and what comes is ignored.
    reactor::Stream& stream() { return stream_; }
    std::string_view head(std::span<char> out, const Answer& answer, std::size_t body_size) const;
    bool head_only() const { return parser_.head_only(); }
    void answered();
    void cut();
    void hang();

    // For the server. ---------------------------------------------------------------------------

    // Each second: ends what has waited for too long.
    void tick();
    // How it uses its slot: the first of these lose theirs first, of equals the one that has waited
    // for longest.
    enum class Standing : std::uint8_t {
        asking,   // has not sent a whole request, or the rest of its next
        idle,     // was answered, idle_min ago at least
        leaving,  // has said its last, told_min ago; its other end has not ended
        busy,     // keeps its slot
        gone,     // its slot is as good as free
    };
    Standing standing() const;
    // Since when it is asking, or idle.
    reactor::Instant waits_since() const { return waits_since_; }
    void evict() { stream_.abort(); }
    static constexpr reactor::Duration idle_min = std::chrono::seconds(2);
    static constexpr reactor::Duration told_min = std::chrono::milliseconds(100);

    // No further request is wanted: ends as soon as what was asked is answered.
    void drain();
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    enum class State : std::uint8_t {
        reading,    // for a request's head
        receiving,  // its body; whoever answers it knows it
        owing,      // its answer
        streaming,  // the answer has begun
        hung,       // nothing is said any more, and what comes is ignored
        ended,      // the stream is finishing or dead
    };

    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_drained() override;
    void on_closed(reactor::Closed why) override;

    std::size_t take_requests(std::string_view bytes);
    bool reads() const;
    void begin_clock();
    void take(const RequestParser::Fed& fed);
    void begin();
    void complete();
    void await_answer();
    bool asks() const { return handler_ != nullptr; }
    void lose();
    void finish();
    void refuse_broken(unsigned status);
    void write(const Answer& answer, const Framing& framing);

    Host& host_;
    reactor::Stream stream_;
    RequestParser parser_;
    Handler* handler_ = nullptr;    // Of the request at hand, until it is answered.
    reactor::Instant waits_since_;  // See waits_since().
    std::uint32_t number_ = 0;      // Of the request at hand.
    std::uint32_t begun_at_ = 0;    // When the request being read began; wire seconds.
    State state_ = State::reading;
    bool served_ : 1 = false;    // A request was answered.
    bool begun_ : 1 = false;     // A part of a request has been read, and not all of it.
    bool awaited_ : 1 = false;   // The client waits for "100 Continue".
    bool last_ : 1 = false;      // The connection ends with the answer to this request.
    bool chunks_ : 1 = false;    // Its answer may come in chunks.
    bool draining_ : 1 = false;  // No further request is wanted.
    bool unwelcome_ : 1 = false;
};

}  // namespace herd::http
