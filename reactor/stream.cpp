#include "reactor/stream.hpp"

#include <cassert>
#include <utility>

namespace reactor {

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
    transport_.open(std::move(socket));
    state_ = State::open;
    waiting_since_ = wire_.seconds();
    return {};
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
    transport_.close();
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
