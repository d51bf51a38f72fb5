#include "herd/offline/places_connection.hpp"

#include "herd/offline/reset.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <utility>

//              a request is complete
//   reading ---------------------------> delayed   (only where there is a delay)
//    ^  ^ \                                 |
//    |  |  \ budget spent                   | expired: the fault decides
//    |  |   v                               v
//    |  yielding         +--------+---------+--------+---------+
//    |                   |        |         |        |         |
//    +--- answered <-- none   dripping  pouring    hung   cut, reset
//                                 |         |        |         |
//                                 +- done: answered  +-> ended <+
//
// A fault without a state of its own (500, html, ...) is merely another answer. `ended` also
// follows an answer that says "Connection: close", the client's end, a refusal, and drain(). The
// stream is paused wherever the timer runs.
namespace herd::offline {
namespace {

using std::chrono::milliseconds;

constexpr int requests_per_turn = 16;
constexpr milliseconds drip_interval{20};
constexpr std::size_t huge_body_size = std::size_t{2} << 20U;
static_assert(requests_per_turn > 0);

// How long, in seconds, a connection may take to do what it has to.
constexpr std::uint32_t request_s_max = 10;  // from a request's first byte to its last
constexpr std::uint32_t first_s_max = 10;
constexpr std::uint32_t idle_s_max = 60;
constexpr std::uint32_t drain_s_max = 10;
constexpr std::uint32_t linger_s_max = 2;

constexpr auto blanks = [] {
    std::array<char, std::size_t{16} << 10U> bytes{};
    bytes.fill(' ');
    return bytes;
}();

}  // namespace

PlacesConnection::PlacesConnection(reactor::Wire& wire, PlacesService& service, Closed closed)
    : wire_(wire),
      service_(service),
      closed_(closed),
      stream_(wire, *this),
      timer_(wire.loop(), reactor::Delegate<void()>::to<&PlacesConnection::on_timer>(*this)),
      waits_since_(wire.loop().now()) {}

void PlacesConnection::tick() {
    using Waiting = reactor::Stream::Waiting;
    const std::uint32_t now_s = wire_.seconds();
    if (state_ == State::reading && begun_ && now_s - begun_at_ > request_s_max) {
        refuse(408);
        return;
    }
    const std::uint32_t waited_s = now_s - stream_.waiting_since();
    switch (stream_.waiting()) {
        case Waiting::first:
            if (waited_s > first_s_max) end();
            break;
        case Waiting::next:
            if (waited_s > idle_s_max) end();
            break;
        case Waiting::drain:
            if (waited_s > drain_s_max) stream_.abort();
            break;
        case Waiting::linger:
            if (waited_s > linger_s_max) stream_.abort();
            break;
        case Waiting::rest:   // Has begun.
        case Waiting::owner:  // The timer sees to it.
            break;
    }
}

PlacesConnection::Standing PlacesConnection::standing() const {
    if (stream_.dead()) return Standing::gone;
    if (state_ == State::ended) return Standing::leaving;
    if (state_ != State::reading) return Standing::busy;
    if (begun_ || !served_) return Standing::asking;
    return wire_.loop().now() - waits_since_ < idle_min ? Standing::busy : Standing::idle;
}

void PlacesConnection::drain() {
    draining_ = true;
    last_ = true;
    if (state_ == State::reading && !begun_) end();
    if (state_ == State::hung || state_ == State::dripping) stream_.abort();
}

std::size_t PlacesConnection::on_input(std::string_view bytes, std::size_t, bool ended) {
    assert(!timer_.pending());
    std::size_t taken = take_requests(bytes);
    if (state_ == State::hung || state_ == State::ended) taken = bytes.size();
    // What is left then will never be a whole request.
    const bool idle = state_ == State::reading || state_ == State::hung;
    if (ended && idle && stream_.listens()) end();
    return taken;
}

std::size_t PlacesConnection::take_requests(std::string_view bytes) {
    std::size_t taken = 0;
    for (int handled = 0; state_ == State::reading && stream_.listens(); ++handled) {
        if (handled == requests_per_turn) {
            wait(State::yielding, milliseconds(0));
            break;
        }
        if (taken == bytes.size()) break;
        if (!std::exchange(begun_, true)) {
            begun_at_ = wire_.seconds();
            // The first request's time is that of the connection.
            if (served_) waits_since_ = wire_.loop().now();
        }
        const auto fed = parser_.feed(bytes.substr(taken));
        taken += fed.consumed;
        if (fed.state == http::RequestParser::State::ready) {
            begun_ = false;
            begin();
            continue;
        }
        if (fed.state == http::RequestParser::State::refused) {
            refuse(parser_.status());
        } else if (parser_.take_continue()) {
            stream_.send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        break;
    }
    return taken;
}

void PlacesConnection::on_drained() {
    if (state_ == State::pouring && !timer_.pending()) pour();
}

void PlacesConnection::on_closed(reactor::Closed) {
    assert(stream_.dead());
    timer_.cancel();
    state_ = State::ended;
    leave();
    closed_(*this);
}

void PlacesConnection::on_timer() {
    assert(!timer_.pending());
    switch (state_) {
        case State::yielding:
            state_ = State::reading;
            stream_.resume();
            break;
        case State::delayed:
            fulfil();
            break;
        case State::dripping:
            drip();
            break;
        case State::pouring:
            pour();
            break;
        case State::reading:
        case State::hung:
        case State::ended:
            assert(false);
    }
}

void PlacesConnection::begin() {
    assert(state_ == State::reading);
    assert(!begun_);
    assert(!verdict_.is_search);
    verdict_ = service_.admit(parser_.request());
    last_ = draining_ || !parser_.request().keep_alive;
    if (verdict_.delay_ms > 0) {
        wait(State::delayed, milliseconds(verdict_.delay_ms));
    } else {
        fulfil();
    }
}

void PlacesConnection::fulfil() {
    assert(state_ == State::reading || state_ == State::delayed);
    assert(!timer_.pending());
    if (verdict_.fault == Fault::hang) return hang();
    if (verdict_.fault == Fault::reset) return reset();
    const http::Answer& answer = service_.answer(parser_.request(), verdict_.fault);
    if (verdict_.fault == Fault::cut) return cut(answer);
    if (verdict_.fault == Fault::drip) {
        slow_.assign(head(answer, answer.body.size())).append(body(answer));
        slow_left_ = slow_.size();
        return wait(State::dripping, milliseconds(0));
    }
    if (verdict_.fault == Fault::huge) {
        // White space behind JSON is fine: a client without a limit would get a good answer.
        slow_.assign(head(answer, huge_body_size)).append(body(answer));
        assert(answer.body.size() < huge_body_size);
        slow_left_ = parser_.head_only() ? 0 : huge_body_size - answer.body.size();
        return wait(State::pouring, milliseconds(0));
    }
    send(answer);
    next();
}

void PlacesConnection::refuse(unsigned status) {
    assert(state_ == State::reading);
    last_ = true;
    send(service_.refuse(status));
    end();
}

void PlacesConnection::wait(State state, reactor::Duration delay) {
    assert(!timer_.pending());
    assert(delay >= reactor::Duration::zero());
    state_ = state;
    stream_.pause();
    timer_.start(delay);
}

// Not paused: so that the client's end is seen.
void PlacesConnection::hang() {
    state_ = State::hung;
    stream_.resume();
}

void PlacesConnection::reset() {
    reset_on_close(stream_.socket().fd());
    state_ = State::ended;
    stream_.abort();
}

void PlacesConnection::cut(const http::Answer& answer) {
    stream_.send(head(answer, answer.body.size()));
    stream_.send(body(answer).substr(0, answer.body.size() / 2));
    end();
}

// Sent past the shared buffer, in which nothing of ours is by the time a timer expires.
void PlacesConnection::drip() {
    assert(state_ == State::dripping);
    assert(slow_left_ > 0);
    assert(slow_left_ <= slow_.size());
    stream_.send_now(std::string_view(slow_).substr(slow_.size() - slow_left_, 1));
    --slow_left_;
    if (stream_.dead()) return;
    if (slow_left_ == 0) return next();
    timer_.start(drip_interval);
}

void PlacesConnection::pour() {
    assert(state_ == State::pouring);
    if (!slow_.empty()) stream_.send_now(slow_);
    slow_.clear();
    while (slow_left_ > 0 && !stream_.blocked() && !stream_.dead()) {
        const std::size_t count = std::min(slow_left_, blanks.size());
        stream_.send_now({blanks.data(), count});
        slow_left_ -= count;
    }
    if (slow_left_ == 0 && !stream_.dead()) next();
}

void PlacesConnection::send(const http::Answer& answer) {
    const std::string_view head_text = head(answer, answer.body.size());
    const std::string_view body_text = body(answer);
    const auto buffer = stream_.reserve(head_text.size() + body_text.size());
    assert(buffer.size() >= head_text.size() + body_text.size());
    std::copy(head_text.begin(), head_text.end(), buffer.begin());
    std::copy(body_text.begin(), body_text.end(), buffer.subspan(head_text.size()).begin());
    stream_.commit(head_text.size() + body_text.size());
}

std::string_view PlacesConnection::body(const http::Answer& answer) const {
    return parser_.head_only() ? std::string_view() : std::string_view(answer.body);
}

void PlacesConnection::next() {
    assert(state_ != State::ended);
    leave();
    parser_.next();
    waits_since_ = wire_.loop().now();
    served_ = true;
    if (last_) return end();
    state_ = State::reading;
    stream_.resume();
}

void PlacesConnection::leave() {
    if (std::exchange(verdict_.is_search, false)) service_.leave();
}

void PlacesConnection::end() {
    leave();
    timer_.cancel();
    state_ = State::ended;
    stream_.finish();
}

std::string_view PlacesConnection::head(const http::Answer& answer, std::size_t body_size) {
    const std::string_view reason = reason_phrase(answer.status);
    const int written = std::snprintf(head_,
                                      sizeof head_,
                                      "HTTP/1.1 %u %.*s\r\n"
                                      "Content-Type: %.*s\r\n"
                                      "Content-Length: %zu\r\n"
                                      "Connection: %s\r\n"
                                      "%.*s\r\n",
                                      answer.status,
                                      static_cast<int>(reason.size()),
                                      reason.data(),
                                      static_cast<int>(answer.content_type.size()),
                                      answer.content_type.data(),
                                      body_size,
                                      last_ ? "close" : "keep-alive",
                                      static_cast<int>(answer.extra.size()),
                                      answer.extra.data());
    assert(written > 0);
    assert(static_cast<std::size_t>(written) < sizeof head_);
    return {head_, static_cast<std::size_t>(written)};
}

}  // namespace herd::offline
