#include "reactor/stream.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace reactor {

namespace {

// Blocks of held-back output that one wake may send: the others have a turn too.
constexpr int drains_max = 16;

bool try_again(Errno error) {
    return error.value == EAGAIN;  // On Linux, EWOULDBLOCK is the same.
}

}  // namespace

Stream::~Stream() {
    if (linked()) unlink();
    release();
}

Result<void> Stream::open(Socket socket) {
    assert(state_ == State::fresh);
    assert(socket.open());
    const auto watch = wire_.loop_.begin_watch(
        socket.fd(), Interest::read, Handler::to<&Stream::on_ready>(*this), Ownership::ours);
    if (!watch) return std::unexpected(watch.error());
    watch_ = *watch;
    socket_ = std::move(socket);
    state_ = State::open;
    waiting_since_ = wire_.seconds();
    return {};
}

void Stream::send(std::string_view bytes) {
    if (bytes.empty() || dead()) return;
    std::memcpy(reserve(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
}

void Stream::send_now(std::string_view bytes) {
    write(bytes);
}

// Until it is uncorked or dead it is in no other list: held input is delivered after that.
void Stream::cork(std::uint64_t mark) {
    if (dead()) return;
    assert(mark >= wire_.mark_);
    wire_.mark_ = mark_ = mark;
    corked_ = true;
    if (linked()) unlink();
    wire_.corked_.push_back(*this);
}

// The kernel says "writable" of what waits.
void Stream::uncork() {
    corked_ = false;
    if (listens() && (holds_input() || delivering_)) deliver_soon();
    update();
}

void Stream::deliver_soon() {
    if (linked()) return;
    wire_.resumed_.push_back(*this);
    wire_.deliver_task_.post();
}

// The kernel goes on saying "readable" until it does so once in vain: most pauses are shorter than
// the time to the next input, and cost no system call this way.
void Stream::pause() {
    if (state_ != State::open) return;
    paused_ = true;
    update();
}

void Stream::resume() {
    if (state_ != State::open || !paused_) return;
    paused_ = false;
    // What on_input is looking at right now is not held yet.
    if (holds_input() || delivering_) deliver_soon();
    update();
}

void Stream::finish() {
    if (state_ != State::open) return;
    state_ = State::finishing;
    paused_ = false;
    if (linked() && !corked_) unlink();
    held_.clear(wire_.blocks_);
    settle();
}

void Stream::abort(Closed why) {
    if (state_ == State::dead) return;
    state_ = State::dead;
    why_ = why;
    release();
    if (linked()) unlink();
    wire_.dead_.push_back(*this);
    wire_.reclaim_task_.post();
}

// What it has of the system, the loop and the wire.
void Stream::release() {
    if (watch_ != WatchId::none) wire_.loop_.end_watch(std::exchange(watch_, WatchId::none));
    socket_.close();
    held_.clear(wire_.blocks_);
    unsent_.clear(wire_.blocks_);
}

void Stream::on_ready(Ready ready) {
    assert(state_ == State::open || state_ == State::finishing);
    if (blocked() && !corked_ && (ready.writable || ready.hangup)) drain();
    if (dead() || !(ready.readable || ready.hangup)) return;
    if (finishing()) {
        discard();
    } else if (listens() && linked() && !corked_) {
        // What is held goes first, in this iteration still; then the kernel says it again.
    } else if (listens() && !ended_) {
        read();
    } else if (ready.hangup) {
        abort(Closed::reset);
    } else {
        reading_ = false;
        update();
    }
}

void Stream::read() {
    const std::size_t held = held_.size(wire_.blocks_);
    const std::size_t room = wire_.receive_.size() - held;
    assert(room > 0);
    char* start = &wire_.receive_[0];
    held_.copy_to(wire_.blocks_, start);
    auto received = sys::receive(socket_.fd(), {start + held, room});
    if (!received) {
        if (!try_again(received.error())) abort(Closed::reset);
        return;
    }
    ++wire_.counters_.receives;
    wire_.counters_.bytes_in += *received;
    if (*received == 0) ended_ = true;
    deliver(held + *received, held);
}

void Stream::deliver_held() {
    if (!listens() || !holds_input()) return;
    held_.copy_to(wire_.blocks_, &wire_.receive_[0]);
    deliver(held_.size(wire_.blocks_), 0);
}

void Stream::deliver(std::size_t size, std::size_t seen) {
    if (ended_) reading_ = false;
    const std::string_view bytes(&wire_.receive_[0], size);
    delivering_ = true;
    const std::size_t taken = events_.on_input(bytes, seen, ended_);
    delivering_ = false;
    if (dead() || finishing()) return;
    assert(taken <= size);
    if (taken > 0) {
        consumed_ = true;
        held_.clear(wire_.blocks_);
    }
    hold(bytes.substr(taken), size - taken - held_.size(wire_.blocks_));
    if (!dead()) update(taken > 0);
}

// Only the last `fresh` bytes of `rest` are not in held_ yet.
void Stream::hold(std::string_view rest, std::size_t fresh) {
    if (held_.append(wire_.blocks_, rest.substr(rest.size() - fresh), privileged_)) return;
    ++wire_.counters_.blocks_exhausted;
    abort(Closed::no_blocks);
}

void Stream::discard() {
    auto received = sys::receive(socket_.fd(), {&wire_.receive_[0], wire_.receive_.size()});
    if (!received) {
        if (!try_again(received.error())) abort(Closed::reset);
        return;
    }
    if (*received > 0) return;
    ended_ = true;
    reading_ = false;
    if (shut_) {
        abort(Closed::finished);
    } else {
        update();
    }
}

void Stream::drain() {
    bool progress = false;
    for (int i = 0; i < drains_max && blocked(); ++i) {
        auto sent = sys::send(socket_.fd(), unsent_.front(wire_.blocks_));
        if (!sent && try_again(sent.error())) break;
        if (!sent) {
            abort(Closed::reset);
            return;
        }
        ++wire_.counters_.sends;
        wire_.counters_.bytes_out += *sent;
        unsent_.consume(wire_.blocks_, *sent);
        progress = true;
    }
    if (!blocked()) {
        events_.on_drained();
        if (dead()) return;
        if (listens() && holds_input()) deliver_soon();
        settle();
    }
    if (!dead()) update(progress);
}

void Stream::write(std::string_view bytes) {
    if (dead()) return;
    if (!blocked() && !corked_ && !bytes.empty()) {
        auto sent = sys::send(socket_.fd(), bytes);
        if (!sent && !try_again(sent.error())) {
            abort(Closed::reset);
            return;
        }
        const std::size_t count = sent.value_or(0);
        ++wire_.counters_.sends;
        wire_.counters_.bytes_out += count;
        bytes.remove_prefix(count);
    }
    if (!bytes.empty()) keep(bytes);
    if (finishing()) settle();
}

void Stream::keep(std::string_view bytes) {
    if (unsent_.append(wire_.blocks_, bytes, privileged_)) {
        update();
        return;
    }
    ++wire_.counters_.blocks_exhausted;
    abort(Closed::no_blocks);
}

// Ends our direction as soon as nothing of ours is on its way to the kernel any more.
void Stream::settle() {
    if (!finishing()) return;
    if (!blocked() && spans_ == 0 && !shut_) {
        shut_ = true;
        sys::shutdown_write(socket_.fd());
        if (ended_) {
            abort(Closed::finished);
            return;
        }
    }
    update();
}

Stream::Waiting Stream::now_waiting() const {
    if (blocked()) return corked_ ? Waiting::owner : Waiting::drain;
    if (finishing()) return Waiting::linger;
    if (paused_) return Waiting::owner;
    if (!held_.empty()) return Waiting::rest;
    return consumed_ ? Waiting::next : Waiting::first;
}

void Stream::update(bool progress) {
    const Waiting waiting = now_waiting();
    if (waiting != waiting_ || progress) waiting_since_ = wire_.seconds();
    waiting_ = waiting;
    if ((finishing() || listens()) && !ended_) reading_ = true;
    const Interest reading = reading_ ? Interest::both : Interest::write;
    const Interest idle = reading_ ? Interest::read : Interest::none;
    wire_.loop_.want(watch_, blocked() && !corked_ ? reading : idle);
}

}  // namespace reactor
