#include "reactor/stream.hpp"

#include <cassert>
#include <utility>

namespace reactor {

namespace {

constexpr Interest interest(bool reading, bool writing) {
    if (reading) return writing ? Interest::both : Interest::read;
    return writing ? Interest::write : Interest::none;
}

}  // namespace

// The life of a stream. What comes in: stream_input.cpp, what goes out: stream_output.cpp.
//
//   fresh --open()--> open <--pause(), resume()--> paused
//                       |                             |
//                       +---------- finish() ---------+
//                                      v
//                                  finishing   until nothing that was sent is left with us
//                                      v
//                                  lingering   until the peer has ended its direction as well
//                                      v
//   each but fresh -----------------> dead      until on_closed, in the reclaim phase
//       abort(), reset, no block, or all said and heard
//
// Which states of input and output go with which of life, when a call from outside has returned.
// Output: clear, draining (unsent bytes wait for the kernel), corked (they wait for uncork()).
//
//               watched                  unwatched          ended
//   fresh       clear                    -                  -
//   open        clear, draining, corked  draining, corked   clear, draining, corked
//   paused      clear, draining, corked  all three          all three
//   finishing   clear, draining, corked  -                  clear, draining, corked
//   lingering   clear, corked            -                  -
//   dead        clear                    clear              clear
//
// Cut is as ended.
//
// Unwatched means that the kernel need not say "readable": while nobody wants input, it says so
// once in vain. So whoever listens, or discards, is watched until the end of the input has come.
// One whose turn is over goes with what a paused one may: it is open, and does not listen.
// Finishing and clear, it still has a part of the shared send buffer. Lingering and corked, it was
// corked and then sent nothing. And what a dead one knew of its input tells nobody anything.
//
// A stream is in one list at most: dead, in the wire's list of those; else corked, in that; else,
// open or paused, in one of those to whom held input is to be delivered: that of the yielded, if
// its turn was over when it was put there.
struct Stream::Legal {
    static constexpr unsigned clear = 1U << std::to_underlying(Output::clear);
    static constexpr unsigned draining = 1U << std::to_underlying(Output::draining);
    static constexpr unsigned corked = 1U << std::to_underlying(Output::corked);
    static constexpr unsigned any = clear | draining | corked;

    static constexpr std::uint8_t outputs[6][3] = {
        {clear, 0, 0},                  // fresh
        {any, draining | corked, any},  // open
        {any, any, any},                // paused
        {any, 0, any},                  // finishing
        {clear | corked, 0, 0},         // lingering
        {clear, clear, clear},          // dead
    };
};

void Stream::check_states() const {
    const Life row = yielded_ ? Life::paused : life_;
    const Input column = input_ == Input::cut ? Input::ended : input_;
    const unsigned legal = Legal::outputs[std::to_underlying(row)][std::to_underlying(column)];
    assert((legal >> std::to_underlying(output()) & 1U) != 0);
}

Stream::~Stream() {
    if (linked()) unlink();
    release();
}

Result<void> Stream::open(Socket socket, SealPtr seal) {
    assert(life_ == Life::fresh);
    assert(socket.open());
    const auto watch = wire_.loop_.begin_watch(
        socket.fd(), Interest::read, Handler::to<&Stream::on_ready>(*this), Ownership::ours);
    if (!watch) return std::unexpected(watch.error());
    watch_ = *watch;
    sealed_ = seal != nullptr;
    if (sealed_) wire_.keep_seal(watch_, std::move(seal));
    transport_.open(std::move(socket));
    life_ = Life::open;
    waiting_since_ = wire_.seconds();
    check_states();
    return {};
}

void Stream::finish() {
    if (life_ != Life::open && life_ != Life::paused) return;
    if (gone_) return abort(Closed::reset);
    life_ = Life::finishing;
    yielded_ = false;
    if (linked() && !corked_) unlink();
    held_.clear(wire_.blocks_);
    settle();
}

void Stream::abort(Closed why) {
    assert(life_ != Life::fresh);
    if (dead()) return;
    life_ = Life::dead;
    yielded_ = false;
    waiting_ = static_cast<Waiting>(why);
    release();
    if (linked()) unlink();
    corked_ = false;
    wire_.dead_.push_back(*this);
    wire_.reclaim_task_.post();
    check_states();
}

// What it has of the system, the loop and the wire.
void Stream::release() {
    if (sealed_) wire_.drop_seal(watch_);
    sealed_ = false;
    if (watch_ != WatchId::none) wire_.loop_.end_watch(std::exchange(watch_, WatchId::none));
    transport_.close();
    held_.clear(wire_.blocks_);
    unsent_.clear(wire_.blocks_);
}

// What it was left in has been checked: by update(), whose cost is 18 instructions of a report.
void Stream::on_ready(Ready ready) {
    assert(watch_ != WatchId::none);
    assert(!delivering_);
    if (blocked() && !corked_ && (ready.writable || ready.hangup)) drain();
    if (dead() || !(ready.readable || ready.hangup)) return;
    if (finishing()) return discard();
    // What is held goes first, in this iteration still; then the kernel says it again.
    if (listens() && linked() && !corked_) return;
    if (listens() && !input_ended()) return read();
    // Likewise: it may have much to say still.
    if (ready.hangup && yielded_) return;
    if (ready.hangup && blocked()) {
        lose_peer();
        if (!dead() && holds_input()) deliver_soon();
    } else if (ready.hangup) {
        abort(Closed::reset);
    }
    if (dead()) return;
    if (input_ == Input::watched) input_ = Input::unwatched;
    update();
}

Stream::Waiting Stream::now_waiting() const {
    if (blocked()) return corked_ ? Waiting::owner : Waiting::drain;
    if (finishing()) return Waiting::linger;
    if (life_ == Life::paused || yielded_) return Waiting::owner;
    if (!held_.empty() || partial_) return Waiting::rest;
    return consumed_ ? Waiting::next : Waiting::first;
}

void Stream::update(bool progress) {
    const Waiting waiting = now_waiting();
    if (waiting != waiting_ || progress) waiting_since_ = wire_.seconds();
    waiting_ = waiting;
    if (input_ == Input::unwatched && (finishing() || listens())) input_ = Input::watched;
    const bool reading = input_ == Input::watched;
    const bool writing = output() == Output::draining;
    wire_.loop_.want(watch_, interest(reading, writing));
    check_states();
}

void Stream::check() const {
    check_states();
    const bool connected = life_ != Life::fresh && !dead();
    assert((watch_ != WatchId::none) == connected);
    assert(transport_.is_open() == connected);
    assert(connected || held_.empty());
    assert(connected || unsent_.empty());
    held_.check(wire_.blocks());
    unsent_.check(wire_.blocks());
    // Input.
    assert(!delivering_);
    assert(!yielded_ || (linked() && !corked_));
    assert(!yielded_ || life_ == Life::open || life_ == Life::paused);
    assert(!finishing() || held_.empty());
    assert(!gone_ || (unsent_.empty() && !corked_ && !finishing()));
    assert(held_.size(wire_.blocks()) <= wire_.receive_.size());
    assert(!listens() || input_ != Input::unwatched);
    // Output.
    assert(mark_ <= wire_.mark_);
    assert(life_ != Life::fresh || spans_ == 0);
    assert(life_ != Life::finishing || blocked() || spans_ > 0);
    assert(life_ != Life::lingering || (!blocked() && spans_ == 0));
    // Its list, and what it waits for.
    assert(!corked_ || linked());
    assert(!linked() || corked_ || dead() || life_ == Life::open || life_ == Life::paused);
    assert(!connected || waiting_ == now_waiting());
}

}  // namespace reactor
