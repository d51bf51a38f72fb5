// What comes in: read, delivered, held while its owner pauses, discarded after finish().
#include "reactor/stream.hpp"

#include <algorithm>
#include <cassert>

namespace reactor {

using Flow = Transport::Flow;

void Stream::read() {
    const std::size_t held = held_.size(wire_.blocks_);
    // A record may have come beyond what is asked for.
    const std::size_t full = wire_.limits_.receive_size;
    const std::size_t space = full - std::min(held, full);
    assert(!delivering_);
    if (space == 0) {
        ++wire_.counters_.inputs_stuck;
        return abort(Closed::stuck);
    }
    char* start = &wire_.receive_[0];
    held_.copy_to(wire_.blocks_, start);
    if (sealed_) return read_sealed(held, space);
    const auto [flow, count] = transport_.receive({start + held, space});
    if (flow == Flow::again) return;
    if (flow == Flow::broken) return abort(Closed::reset);
    ++wire_.counters_.receives;
    wire_.counters_.bytes_in += count;
    if (flow == Flow::ended) input_ = gone_ ? Input::cut : Input::ended;
    deliver(held + count, held);
}

// As there is room for one record more than is received, nothing that has come stays in the seal
// but a part of a record: the kernel says when there is more.
void Stream::read_sealed(std::size_t held, std::size_t space) {
    const auto [flow, count] = transport_.receive({&wire_.sealed_[0], space});
    if (flow == Flow::again) return;
    if (flow == Flow::broken) return abort(Closed::reset);
    ++wire_.counters_.receives;
    wire_.counters_.bytes_in += count;
    const std::span<char> receive(&wire_.receive_[0], wire_.receive_.size());
    const Seal::Opened opened = seal().open({&wire_.sealed_[0], count}, receive.subspan(held));
    const bool broken = opened.end == Seal::End::broken;
    if (broken) {
        ++wire_.counters_.seals_broken;
        events_.on_seal_broken(seal().refusal());
    }
    transmit(seal().reply());
    if (dead()) return;
    if (broken) return abort(Closed::reset);
    partial_ = opened.partial;
    if (flow == Flow::ended) input_ = Input::cut;
    if (opened.end == Seal::End::farewell) input_ = Input::ended;
    const std::size_t size = held + opened.count;
    if (listens() && (opened.count > 0 || input_ended())) return deliver(size, held);
    // The kernel did not take the reply: until it does, nothing is handled.
    if (opened.count > 0) hold({receive.data(), size}, opened.count);
    if (!dead()) update(opened.count > 0);
}

void Stream::deliver(std::size_t size, std::size_t seen) {
    assert(listens());
    assert(seen <= size);
    assert(size <= wire_.receive_.size());
    const std::string_view bytes(&wire_.receive_[0], size);
    delivering_ = true;
    const std::size_t taken = events_.on_input(bytes, seen, input_ended());
    delivering_ = false;
    if (dead() || finishing()) return;
    assert(taken <= size);
    if (taken > 0) {
        consumed_ = true;
        const std::size_t held = held_.size(wire_.blocks_);
        if (held > 0) held_.consume(wire_.blocks_, std::min(held, taken));
    }
    if (taken < size) hold(bytes.substr(taken), size - taken - held_.size(wire_.blocks_));
    if (dead()) return;
    if (yielded_) await_turn();
    update(taken > 0);
}

void Stream::yield() {
    assert(delivering_);
    if (life_ == Life::open) yielded_ = true;
}

// A corked one has its turn when it is uncorked.
void Stream::await_turn() {
    assert(yielded_);
    ++wire_.counters_.turns_cut;
    if (corked_) {
        yielded_ = false;
        return;
    }
    if (linked()) unlink();
    wire_.yielded_.push_back(*this);
    wire_.deliver_task_.post();
}

void Stream::deliver_held() {
    check_states();
    assert(life_ == Life::open || life_ == Life::paused);
    assert(!corked_);
    assert(!delivering_);
    const bool yielded = yielded_;
    yielded_ = false;
    if (!listens() || !(holds_input() || yielded)) {
        if (yielded) update();
        return;
    }
    held_.copy_to(wire_.blocks_, &wire_.receive_[0]);
    deliver(held_.size(wire_.blocks_), 0);
}

void Stream::deliver_soon() {
    assert(life_ == Life::open);
    if (linked()) return;
    wire_.resumed_.push_back(*this);
    wire_.deliver_task_.post();
}

// Only the last `fresh` bytes of `rest` are not in held_ yet.
void Stream::hold(std::string_view rest, std::size_t fresh) {
    assert(fresh <= rest.size());
    assert(held_.size(wire_.blocks_) == rest.size() - fresh);
    if (borrow(held_, rest.substr(rest.size() - fresh)) || dead()) return;
    ++wire_.counters_.blocks_exhausted;
    abort(Closed::no_blocks);
}

// False when there is no block even now, or when this stream is the one that had to go.
bool Stream::borrow(BlockChain& chain, std::string_view bytes) {
    while (!chain.append(wire_.blocks_, bytes, privileged_)) {
        if (!wire_.make_room() || dead()) return false;
    }
    return true;
}

// The kernel goes on saying "readable" until it does so once in vain: most pauses are shorter than
// the time to the next input, and cost no system call this way.
void Stream::pause() {
    if (life_ != Life::open) return;
    life_ = Life::paused;
    update();
}

void Stream::resume() {
    if (life_ != Life::paused) return;
    life_ = Life::open;
    // What on_input is looking at right now is not held yet.
    if (holds_input() || delivering_) deliver_soon();
    update();
}

void Stream::discard() {
    assert(finishing());
    assert(held_.empty());
    const auto flow = transport_.receive({&wire_.receive_[0], wire_.receive_.size()}).flow;
    if (flow == Flow::broken) return abort(Closed::reset);
    if (flow != Flow::ended) return;
    input_ = Input::ended;
    if (life_ == Life::lingering) {
        abort(Closed::finished);
    } else {
        update();
    }
}

}  // namespace reactor
