#include "herd/gps/line_link.hpp"

#include "reactor/lines.hpp"

#include <cassert>
#include <utility>

namespace herd::gps {

LineLink::LineLink(reactor::Wire& wire,
                   const reactor::Address& address,
                   const Events& events,
                   const Sealing& sealing)
    : wire_(wire),
      events_(events),
      sealing_(sealing),
      connector_(wire.loop(),
                 pace,
                 reactor::Delegate<void(reactor::Socket)>::to<&LineLink::on_connected>(*this)),
      door_{
          .opened = reactor::Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&LineLink::open>(
              *this),
          .refused = reactor::Delegate<void(
              const reactor::Handshakes::Refusal&)>::to<&LineLink::on_refused>(*this)} {
    connector_.aim(address);
}

void LineLink::dial() {
    assert(idle());
    assert(!leaving_);
    wanted_ = true;
    if (std::exchange(dialled_, true)) return connector_.dial_later();
    connector_.dial();
}

void LineLink::cancel() {
    connector_.cancel();
    if (handshake_) sealing_.handshakes->cancel(std::exchange(handshake_, {}));
}

void LineLink::on_connected(reactor::Socket socket) {
    assert(wanted_);
    assert(!stream_);
    tune(socket, reactor::SocketProfile::client);
    if (sealing_.handshakes == nullptr) return open(std::move(socket), {});
    reactor::SealPtr seal = sealing_.make_seal();
    if (seal != nullptr) {
        handshake_ = sealing_.handshakes->dial(std::move(socket), std::move(seal), door_);
    }
    if (!handshake_) fail("there is no memory for TLS");
}

void LineLink::on_refused(const reactor::Handshakes::Refusal& refusal) {
    handshake_ = {};
    fail(refusal.why.empty() ? "TLS was not agreed on in time" : refusal.why);
}

void LineLink::open(reactor::Socket socket, reactor::SealPtr seal) {
    handshake_ = {};
    stream_.emplace(wire_, *this);
    if (const auto opened = stream_->open(std::move(socket), std::move(seal)); !opened) {
        stream_.reset();
        return fail(describe(opened.error()));
    }
    // What is said here is little, and two that wait for the other to read would wait for ever.
    stream_->read_on();
    skipping_ = false;
    trouble_.clear();
    events_.opened();
}

void LineLink::note(std::string_view why) {
    assert(!why.empty());
    trouble_ = why;
    attempts_ = connector_.attempts();
}

void LineLink::fail(std::string_view why) {
    note(why);
    connector_.dial_later();
}

void LineLink::say(std::string_view line) {
    assert(is_open());
    stream_->send(line);
    stream_->send("\n");
}

void LineLink::drop(std::string_view why) {
    assert(is_open());
    note(why);
    stream_->abort();
}

void LineLink::leave() {
    leaving_ = true;
    cancel();
    if (stream_) stream_->finish();
}

std::size_t LineLink::on_input(std::string_view bytes, std::size_t seen, bool ended) {
    reactor::Lines lines(bytes, seen);
    while (is_open() && !leaving_) {
        const auto line = lines.take();
        if (!line) break;
        const bool skipped = std::exchange(skipping_, false) || line->size() > line_max;
        if (!skipped) events_.heard(*line);
    }
    skipping_ = skipping_ || lines.rest().size() > line_max;
    if (ended) stream_->abort(reactor::Closed::finished);
    return skipping_ ? bytes.size() : lines.taken();
}

void LineLink::on_closed(reactor::Closed) {
    stream_.reset();
    wanted_ = false;
    if (trouble_.empty()) note("the connection has ended");
    if (!leaving_) events_.lost();
}

// The latest: of the connection there was, or of a try since.
std::string_view LineLink::trouble() const {
    const bool tried = connector_.attempts() > attempts_ && !connector_.dialling() && !stream_;
    const reactor::Errno error = connector_.last_error();
    return tried && error != reactor::Errno{} ? describe(error) : std::string_view(trouble_);
}

}  // namespace herd::gps
