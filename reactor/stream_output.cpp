// What goes out: written, kept while the kernel refuses it or a cork holds it, drained, ended.
#include "reactor/stream.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <cstring>

namespace reactor {

namespace {

// Blocks of held-back output that one wake may send: the others have a turn too.
constexpr int drains_max = 16;

bool try_again(Errno error) {
    return error.value == EAGAIN;  // On Linux, EWOULDBLOCK is the same.
}

}  // namespace

void Stream::send(std::string_view bytes) {
    if (bytes.empty() || dead()) return;
    std::memcpy(reserve(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
}

void Stream::send_now(std::string_view bytes) {
    write(bytes);
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

}  // namespace reactor
