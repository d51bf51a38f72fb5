#pragma once

#include "reactor/blocks.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/seal.hpp"
#include "reactor/socket.hpp"
#include "reactor/transport.hpp"
#include "reactor/wire.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace reactor {

// Why a stream ended.
enum class Closed : std::uint8_t {
    finished,   // both sides have said all they had to say
    reset,      // by the peer or the network
    aborted,    // by its owner
    no_blocks,  // it needed a borrowed block and there was none
    stuck,      // its owner took nothing of a full receive buffer
};

// What a stream tells its owner.
class StreamEvents {
public:
    // Bytes have come. The first `seen` of them were there at the last call already. `ended`: the
    // peer sends no more after these. Returns how many were consumed; the rest is presented again
    // with what comes next, or after a pause. The view dies when this returns. Of a full receive
    // buffer (Wire::Limits) something must be consumed, unless the stream is paused or ended: it
    // is aborted otherwise, as what has come is what somebody else sent.
    virtual std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) = 0;
    // The kernel has taken everything, after a time when it did not.
    virtual void on_drained() {}
    // What came was not what the other side had sealed, or the other side says why it takes
    // nothing: on_closed follows. The view dies when this returns, which calls nothing of the
    // stream.
    virtual void on_seal_broken(std::string_view) {}
    // Exactly once, last, in the reclaim phase: the owner may release the stream in it.
    virtual void on_closed(Closed why) = 0;

protected:
    ~StreamEvents() = default;
};

// A connected socket as bytes in, bytes out, with back-pressure both ways. Pinned.
//
// It is open, or paused, until finish() or its end; stream.cpp has all its states. While output
// waits for the kernel, nothing more is read: who owes us reading is not read from (but see
// read_on). After abort() the descriptor is closed at once, sending is a no-op, and on_closed
// follows in this iteration's reclaim phase. Nothing here calls its owner back from inside a call
// of the owner's.
//
// A peer that has reset the connection is gone: sending is a no-op, what it had said before is
// delivered up to where its owner pauses, and then it is closed. So what somebody says who does not
// wait for answers counts.
//
// Invariant: its states go together as the table in stream.cpp says, which is asserted at each
// change; check() looks at all that follows from them.
class Stream : public ListItem<Stream> {
public:
    Stream(Wire& wire, StreamEvents& events, bool privileged = false)
        : wire_(wire), events_(events), privileged_(privileged) {}
    ~Stream();

    // Takes the socket over and starts reading. Once. With a seal, whose hands have been shaken,
    // all bytes are sealed on their way. Fails with ENOSPC when the loop is full.
    Result<void> open(Socket socket, SealPtr seal = {});

    // At least `size` bytes of the shared send buffer, to write an answer into; commit() says how
    // many were used. Valid until the next call to anything of this wire.
    // `size` at most Wire::Limits::send_size.
    // A full buffer is flushed first: Wire::send_first's delegate runs, everything is sent, and any
    // stream may be blocked or aborted by that, this one as well. So what an owner knew of
    // listens(), blocked() or dead() is to be asked anew. The memory is there even for a dead
    // stream; commit() drops what it wrote.
    std::span<char> reserve(std::size_t size) { return wire_.reserve(size); }
    void commit(std::size_t size) { wire_.commit(*this, size); }
    // How much can be reserved before anything has to be sent.
    std::size_t room() const { return wire_.room(); }
    // Both in one, by copy.
    void send(std::string_view bytes);
    // Past the shared buffer, straight to the kernel; what it refuses waits in blocks.
    void send_now(std::string_view bytes);

    // What is sent from now on waits, in blocks, as if the kernel had not taken it; so does the
    // peer. Until Wire::uncork() of that mark or a later one. Marks never go back.
    void cork(std::uint64_t mark);

    // From within on_input: the turn is over. What is not consumed is delivered again, with nothing
    // new if nothing comes, when those who wait for their turn already have had it. Nothing is read
    // until then. A turn also ends of itself: see Wire::answers_max.
    void yield();

    // From now on reads although output waits. For an owner whose input makes no output.
    void read_on() { reads_on_ = true; }

    // Stops delivering input, and reading. resume() delivers what is held, from a task.
    void pause();
    void resume();

    // No more will be sent (an owner that does has a bug): flush, end our direction, discard input
    // until the peer ends its own.
    void finish();
    // From now on it may borrow the blocks that are kept for the privileged.
    void privilege() { privileged_ = true; }

    // Closes now. Unsent bytes are lost.
    void abort(Closed why = Closed::aborted);

    bool dead() const { return life_ == Life::dead; }
    bool finishing() const { return life_ == Life::finishing || life_ == Life::lingering; }
    // More input may be handled now: not paused, not finishing, its turn not over, nothing unsent
    // or read_on().
    bool listens() const {
        return life_ == Life::open && !yielded_ && (reads_on_ || unsent_.empty());
    }
    // Its turn is over, and the next has not begun.
    bool yielded() const { return yielded_; }
    bool blocked() const { return !unsent_.empty(); }
    bool corked() const { return corked_; }
    // Input, or the peer's end, is still to be handled.
    bool holds_input() const { return !held_.empty() || input_ended(); }
    // The peer's end came without the farewell that a seal has, so that anybody on the way may have
    // forged it, or behind it the peer is gone: what stands at the end unfinished is worth nothing.
    bool cut() const { return input_ == Input::cut; }
    // Whether the peer has proved to be of this name. Without a seal it has proved nothing.
    bool proves(std::string_view name) const { return sealed_ && seal().proves(name); }
    bool sealed() const { return sealed_; }
    // Bytes that stand in borrowed blocks, of either direction.
    std::size_t borrowed() const { return held_.size(wire_.blocks()) + unsent(); }
    std::size_t unsent() const { return unsent_.size(wire_.blocks()); }
    Socket& socket() { return transport_.socket(); }

    // What an onlooker with a clock needs to know: what the stream waits for, and since when
    // (Wire::seconds). A stream that gets nowhere is its owner's to abort.
    enum class Waiting : std::uint8_t {
        first,   // for the first input that was ever consumed
        rest,    // for the end of something begun
        next,    // for more, with nothing begun
        owner,   // for resume(), Wire::uncork() or its next turn
        drain,   // for the peer to read what is unsent
        linger,  // for the peer's end, after finish()
    };
    Waiting waiting() const { return waiting_; }
    std::uint32_t waiting_since() const { return waiting_since_; }

    // Ends the process when the invariant does not hold. Not from within on_input.
    void check() const;

private:
    friend class Wire;
    // Which of these go together: see stream.cpp.
    enum class Life : std::uint8_t { fresh, open, paused, finishing, lingering, dead };
    // The peer's direction: whether the kernel is to say "readable", and whether it has ended, or
    // been cut().
    enum class Input : std::uint8_t { watched, unwatched, ended, cut };
    enum class Output : std::uint8_t { clear, draining, corked };
    struct Legal;

    void on_ready(Ready ready);
    void read();
    void read_sealed(std::size_t held, std::size_t space);
    void discard();
    void drain();
    void deliver_soon();
    void deliver_held();
    void deliver(std::size_t size, std::size_t seen);
    void await_turn();
    void hold(std::string_view rest, std::size_t fresh);
    bool borrow(BlockChain& chain, std::string_view bytes);
    void write(std::string_view bytes);
    void transmit(std::string_view bytes);
    std::size_t push(std::string_view bytes);
    void keep(std::string_view bytes);
    void lose_peer();
    void settle();
    void uncork();
    void release();
    void update(bool progress = false);
    Waiting now_waiting() const;
    Output output() const {
        if (corked_) return Output::corked;
        return blocked() ? Output::draining : Output::clear;
    }
    Closed why() const {
        assert(dead());
        return static_cast<Closed>(waiting_);
    }
    bool input_ended() const { return input_ == Input::ended || input_ == Input::cut; }
    Seal& seal() const { return wire_.seal_of(watch_); }
    bool sends() const { return life_ == Life::open || life_ == Life::paused; }
    void check_states() const;

    Wire& wire_;
    StreamEvents& events_;
    std::uint64_t mark_ = 0;  // Of the cork.
    Transport transport_;
    WatchId watch_ = WatchId::none;
    BlockChain held_;    // Input not consumed yet.
    BlockChain unsent_;  // Output the kernel has not taken yet.
    std::uint32_t waiting_since_ = 0;
    std::uint16_t spans_ : 15 = 0;  // Of ours in the shared send buffer.
    bool gone_ : 1 = false;         // The peer is.
    // In the first byte what listens() asks: it is asked for each line.
    Life life_ : 3 = Life::fresh;
    bool yielded_ : 1 = false;
    bool reads_on_ : 1 = false;
    bool corked_ : 1 = false;
    bool delivering_ : 1 = false;  // on_input is running.
    bool consumed_ : 1 = false;    // Some input was consumed, ever.
    Input input_ : 2 = Input::watched;
    bool privileged_ : 1;
    bool sealed_ : 1 = false;
    bool partial_ : 1 = false;              // Part of a record has come.
    Waiting waiting_ : 3 = Waiting::first;  // Of the dead, who wait for nothing: why().
};

static_assert(sizeof(Stream) <= 64);  // Each connection has one.

}  // namespace reactor
