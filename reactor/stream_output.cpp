// What goes out: written, kept while the kernel refuses it or a cork holds it, drained, ended.
#include "reactor/stream.hpp"

#include <cassert>
#include <cstring>

namespace reactor {

namespace {

// Blocks of held-back output that one wake may send: the others have a turn too.
constexpr int drains_max = 16;

}  // namespace

void Stream::send(std::string_view bytes) {
    assert(life_ != Life::fresh);
    if (bytes.empty() || dead()) return;
    std::memcpy(reserve(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
}

void Stream::send_now(std::string_view bytes) {
    if (dead()) return;
    assert(sends());
    write(bytes);
}

void Stream::write(std::string_view bytes) {
    if (dead() || gone_) return;
    assert(life_ != Life::fresh);
    assert(life_ != Life::lingering);
    if (sealed_ && !bytes.empty()) {
        bytes = seal().seal(bytes);
        if (bytes.empty()) return abort(Closed::reset);
    }
    transmit(bytes);
    if (finishing()) settle();
}

// Plain bytes, or sealed ones: from here on they are the same.
void Stream::transmit(std::string_view bytes) {
    assert(!dead());
    if (gone_) return;
    if (!blocked() && !corked_ && !bytes.empty()) {
        bytes.remove_prefix(push(bytes));
        if (dead()) return;
    }
    if (!bytes.empty()) keep(bytes);
}

// Returns how many the transport took, or need not take; dead, when it will never take any more.
std::size_t Stream::push(std::string_view bytes) {
    const auto [flow, count] = transport_.send(bytes);
    if (flow == Transport::Flow::broken) abort(Closed::reset);
    if (flow == Transport::Flow::gone) {
        lose_peer();
        return bytes.size();
    }
    if (flow != Transport::Flow::moved) return 0;
    ++wire_.counters_.sends;
    wire_.counters_.bytes_out += count;
    return count;
}

// While it is open there may be more to hear.
void Stream::lose_peer() {
    if (life_ != Life::open) return abort(Closed::reset);
    gone_ = true;
    unsent_.clear(wire_.blocks_);
    if (corked_) unlink();
    corked_ = false;
}

void Stream::keep(std::string_view bytes) {
    assert(!bytes.empty());
    if (borrow(unsent_, bytes)) {
        update();
        return;
    }
    if (dead()) return;
    ++wire_.counters_.blocks_exhausted;
    abort(Closed::no_blocks);
}

void Stream::drain() {
    assert(output() == Output::draining);
    bool progress = false;
    for (int i = 0; i < drains_max && blocked(); ++i) {
        const std::size_t count = push(unsent_.front(wire_.blocks_));
        if (dead()) return;
        if (count == 0 || gone_) break;
        unsent_.consume(wire_.blocks_, count);
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

// Until it is uncorked or dead it is in no other list: held input is delivered after that.
void Stream::cork(std::uint64_t mark) {
    if (dead() || gone_) return;
    assert(sends());
    assert(mark >= wire_.mark_);
    wire_.mark_ = mark_ = mark;
    corked_ = true;
    const bool yielded = yielded_;
    yielded_ = false;
    if (linked()) unlink();
    wire_.corked_.push_back(*this);
    // What waits already waits for that as well, and not for the kernel any more.
    if (blocked() || yielded) update();
}

// The kernel says "writable" of what waits.
void Stream::uncork() {
    check_states();
    assert(corked_);
    assert(!linked());
    corked_ = false;
    if (listens() && (holds_input() || delivering_)) deliver_soon();
    update();
}

// Ends our direction as soon as nothing of ours is on its way to the kernel any more.
void Stream::settle() {
    if (!finishing()) return;
    if (life_ == Life::finishing && !blocked() && spans_ == 0) {
        if (sealed_) transmit(seal().farewell());
        if (dead()) return;
    }
    if (life_ == Life::finishing && !blocked() && spans_ == 0) {
        life_ = Life::lingering;
        transport_.end_output();
        if (input_ended()) return abort(Closed::finished);
    }
    update();
}

}  // namespace reactor
