#include "herd/offline/faulty_answer.hpp"

#include "herd/offline/reset.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <utility>

//   idle --> gathering --whole--> delayed   (only where there is a delay)
//                                    |
//                                    v  the fault decides
//               +--------+-----------+--------+---------+
//               |        |           |        |         |
//             none   dripping     pouring    hung   cut, reset
//               |        +---- done ----+       |         |
//              idle              idle            +-> gone <+
//
// A fault without a state of its own (500, html, ...) is merely another answer.
namespace herd::offline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds drip_interval{20};
constexpr std::size_t huge_body_size = std::size_t{2} << 20U;

constexpr auto blanks = [] {
    std::array<char, std::size_t{16} << 10U> bytes{};
    bytes.fill(' ');
    return bytes;
}();

}  // namespace

FaultyAnswer::FaultyAnswer(reactor::Loop& loop, PlacesService& service)
    : service_(service),
      timer_(loop, reactor::Delegate<void()>::to<&FaultyAnswer::on_timer>(*this)) {}

void FaultyAnswer::begin(http::Connection& connection, const http::Request& request) {
    assert(state_ == State::idle);
    assert(!verdict_.is_search);
    connection_ = &connection;
    state_ = State::gathering;
    question_.start(request);
    if (!request.has_body) admit();
}

void FaultyAnswer::add(std::string_view part, bool last) {
    assert(state_ == State::gathering);
    question_.body += part;
    if (last) admit();
}

void FaultyAnswer::on_drained() {
    if (state_ == State::pouring && !timer_.pending()) pour();
}

void FaultyAnswer::on_gone() {
    timer_.cancel();
    finish();
}

void FaultyAnswer::drain() {
    if (state_ == State::hung || state_ == State::dripping) connection_->stream().abort();
}

void FaultyAnswer::on_timer() {
    assert(!timer_.pending());
    switch (state_) {
        case State::delayed:
            fulfil();
            break;
        case State::dripping:
            drip();
            break;
        case State::pouring:
            pour();
            break;
        case State::idle:
        case State::gathering:
        case State::hung:
            assert(false);
    }
}

void FaultyAnswer::admit() {
    assert(state_ == State::gathering);
    verdict_ = service_.admit(question_);
    if (verdict_.delay_ms > 0) {
        wait(State::delayed, milliseconds(verdict_.delay_ms));
    } else {
        fulfil();
    }
}

void FaultyAnswer::fulfil() {
    assert(!timer_.pending());
    if (verdict_.fault == Fault::hang) {
        state_ = State::hung;
        return connection_->hang();
    }
    if (verdict_.fault == Fault::reset) return reset();
    const Answer& answer = service_.answer(question_, verdict_.fault);
    if (verdict_.fault == Fault::cut) return cut(answer);
    if (verdict_.fault == Fault::drip) {
        slow_ = head(answer, answer.body.size()).append(body(answer));
        slow_left_ = slow_.size();
        return wait(State::dripping, milliseconds(0));
    }
    if (verdict_.fault == Fault::huge) {
        // White space behind JSON is fine: a client without a limit would get a good answer.
        slow_ = head(answer, huge_body_size).append(body(answer));
        assert(answer.body.size() < huge_body_size);
        slow_left_ = connection_->head_only() ? 0 : huge_body_size - answer.body.size();
        return wait(State::pouring, milliseconds(0));
    }
    http::Connection& connection = *connection_;
    finish();
    connection.answer(answer.view());
}

void FaultyAnswer::wait(State state, reactor::Duration delay) {
    assert(!timer_.pending());
    assert(delay >= reactor::Duration::zero());
    state_ = state;
    timer_.start(delay);
}

void FaultyAnswer::reset() {
    state_ = State::hung;
    reset_on_close(connection_->stream().socket().fd());
    connection_->stream().abort();
}

void FaultyAnswer::cut(const Answer& answer) {
    http::Connection& connection = *connection_;
    connection.stream().send(head(answer, answer.body.size()));
    connection.stream().send(body(answer).substr(0, answer.body.size() / 2));
    finish();
    connection.cut();
}

// Sent past the shared buffer, in which nothing of ours is by the time a timer expires.
void FaultyAnswer::drip() {
    assert(state_ == State::dripping);
    assert(slow_left_ > 0);
    assert(slow_left_ <= slow_.size());
    reactor::Stream& stream = connection_->stream();
    stream.send_now(std::string_view(slow_).substr(slow_.size() - slow_left_, 1));
    --slow_left_;
    if (stream.dead()) return;
    if (slow_left_ > 0) return timer_.start(drip_interval);
    http::Connection& connection = *connection_;
    finish();
    connection.answered();
}

void FaultyAnswer::pour() {
    assert(state_ == State::pouring);
    reactor::Stream& stream = connection_->stream();
    if (!slow_.empty()) stream.send_now(slow_);
    slow_.clear();
    while (slow_left_ > 0 && !stream.blocked() && !stream.dead()) {
        const std::size_t count = std::min(slow_left_, blanks.size());
        stream.send_now({blanks.data(), count});
        slow_left_ -= count;
    }
    if (slow_left_ > 0 || stream.dead()) return;
    http::Connection& connection = *connection_;
    finish();
    connection.answered();
}

// Before its last words: what comes next on its connection may begin within them.
void FaultyAnswer::finish() {
    leave();
    connection_ = nullptr;
    state_ = State::idle;
}

void FaultyAnswer::leave() {
    if (std::exchange(verdict_.is_search, false)) service_.leave();
}

std::string_view FaultyAnswer::body(const Answer& answer) const {
    return connection_->head_only() ? std::string_view() : std::string_view(answer.body);
}

std::string FaultyAnswer::head(const Answer& answer, std::size_t body_size) const {
    std::array<char, http::answer_head_size_max> out{};
    return std::string(connection_->head(out, answer.view(), body_size));
}

}  // namespace herd::offline
