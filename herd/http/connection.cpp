#include "herd/http/connection.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>

namespace herd::http {
namespace {

using Event = RequestParser::Event;

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::size_t chunk_head_size_max = 18;  // 16 digits and CRLF

}  // namespace

Connection::Connection(Host& host)
    : host_(host),
      stream_(host.wire, *this),
      parser_(host.limits.body_max),
      waits_since_(host.wire.loop().now()) {}

void Connection::tick() {
    using Waiting = reactor::Stream::Waiting;
    const Limits& limits = host_.limits;
    const std::uint32_t now_s = host_.wire.seconds();
    const bool reads = state_ == State::reading || state_ == State::receiving;
    if (reads && begun_ && now_s - begun_at_ > limits.request_s) {
        ++host_.counters.late;
        return refuse_broken(408);
    }
    const std::uint32_t waited_s = now_s - stream_.waiting_since();
    switch (stream_.waiting()) {
        case Waiting::first:
            if (waited_s <= limits.first_s) break;
            ++host_.counters.late;
            finish();
            break;
        case Waiting::next:
            if (!begun_ && waited_s > limits.idle_s) finish();
            break;
        case Waiting::drain:
            if (waited_s <= limits.drain_s) break;
            ++host_.counters.stalled;
            stream_.abort();
            break;
        case Waiting::linger:
            if (waited_s <= limits.linger_s) break;
            ++host_.counters.stalled;
            stream_.abort();
            break;
        case Waiting::rest:   // Has begun.
        case Waiting::owner:  // Who answers sees to it.
            break;
    }
}

Connection::Standing Connection::standing() const {
    if (stream_.dead()) return Standing::gone;
    const reactor::Duration waited = host_.wire.loop().now() - waits_since_;
    // What it was told last may be on its way yet, and a reset would overtake it.
    if (state_ == State::ended) return waited < told_min ? Standing::busy : Standing::leaving;
    const bool reads = state_ == State::reading || state_ == State::receiving;
    if (!reads) return Standing::busy;
    const bool just_came = !begun_ && !served_ && waits_since_ == host_.wire.loop().now();
    if (just_came) return Standing::busy;  // It has not been heard yet.
    if (begun_ || !served_) return Standing::asking;
    return waited < idle_min ? Standing::busy : Standing::idle;
}

void Connection::drain() {
    draining_ = last_ = true;
    if (state_ == State::reading && !begun_) finish();
    if (state_ == State::streaming || state_ == State::hung) stream_.abort();
}

std::size_t Connection::on_input(std::string_view bytes, std::size_t, bool ended) {
    std::size_t taken = take_requests(bytes);
    if (state_ == State::hung || state_ == State::ended) taken = bytes.size();
    // What is left then will never be a whole request.
    const bool idle = state_ != State::owing && state_ != State::streaming;
    if (ended && idle && stream_.listens()) finish();
    return taken;
}

std::size_t Connection::take_requests(std::string_view bytes) {
    std::size_t taken = 0;
    std::size_t left = host_.limits.body_per_turn;
    const std::uint32_t last = number_ + host_.limits.requests_per_turn;
    while (reads() && taken < bytes.size()) {
        const bool receiving = state_ == State::receiving;
        if (receiving ? left == 0 : number_ == last) {
            stream_.yield();
            break;
        }
        begin_clock();
        const std::string_view all = bytes.substr(taken);
        const std::string_view shown = receiving ? all.substr(0, left) : all;
        const RequestParser::Fed fed = parser_.feed(shown, host_.request);
        taken += fed.consumed;
        if (receiving) left -= fed.consumed;
        if (fed.event == Event::more) {
            // What it was not shown may be what it waits for.
            if (shown.size() < all.size()) stream_.yield();
            break;
        }
        take(fed);
    }
    if (awaited_ && state_ == State::receiving && stream_.listens()) {
        awaited_ = false;
        stream_.send(go_on);
    }
    return taken;
}

bool Connection::reads() const {
    return stream_.listens() && (state_ == State::reading || state_ == State::receiving);
}

// Of the request that comes, unless it runs.
void Connection::begin_clock() {
    if (begun_) return;
    begun_ = true;
    begun_at_ = host_.wire.seconds();
    // The first request's time is that of the connection.
    if (served_) waits_since_ = host_.wire.loop().now();
}

void Connection::take(const RequestParser::Fed& fed) {
    if (fed.event == Event::refused) {
        ++host_.counters.refused;
        if (parser_.heard_tls() && !stream_.sealed()) {
            ++host_.counters.sealed;
            if (host_.heard_tls) host_.heard_tls(*this);
        }
        return refuse_broken(parser_.status());
    }
    if (fed.event == Event::head) return begin();
    assert(fed.event == Event::part);
    assert(state_ == State::receiving);
    awaited_ = false;
    const bool last = parser_.whole();
    if (last) complete();
    handler_->on_body(*this, fed.part, last);
    await_answer();
}

void Connection::begin() {
    assert(state_ == State::reading);
    assert(!asks());
    const Request& request = host_.request;
    ++host_.counters.requests;
    ++number_;
    state_ = State::receiving;
    last_ = draining_ || host_.draining || !request.keep_alive;
    chunks_ = request.takes_chunks;
    awaited_ = request.awaits_continue;
    if (!request.has_body) complete();
    if (request.is_pathless()) return refuse(405, "Allow: GET, HEAD, POST\r\n");
    const std::string_view path = request.path();
    const auto route =
        std::ranges::find_if(host_.routes, [&](const Route& each) { return each.fits(path); });
    if (route == host_.routes.end()) return refuse(404);
    handler_ = route->handler;
    handler_->on_request(*this, request);
    await_answer();
}

void Connection::await_answer() {
    if (state_ == State::owing || state_ == State::streaming) stream_.pause();
}

// All of the request has come.
void Connection::complete() {
    assert(state_ == State::receiving);
    begun_ = false;
    state_ = State::owing;
}

void Connection::on_drained() {
    if (asks() && state_ != State::receiving) handler_->on_drained(*this);
}

void Connection::on_closed(reactor::Closed) {
    assert(stream_.dead());
    state_ = State::ended;
    lose();
    host_.ended(*this);
}

void Connection::answer(const Answer& answer) {
    assert(state_ == State::receiving || state_ == State::owing);
    // Of its body nothing is read any more.
    if (state_ == State::receiving) last_ = true;
    write(answer, {.size = answer.body.size(), .last = last_});
    answered();
}

void Connection::refuse(unsigned status, std::string_view extra) {
    assert(status >= 400);
    std::array<char, 48> text{};
    const std::string_view reason = reason_phrase(status);
    assert(reason.size() < text.size());
    std::ranges::copy(reason, text.begin());
    text[reason.size()] = '\n';
    answer({.status = status, .extra = extra, .body = {text.data(), reason.size() + 1}});
}

// Of no handler's request.
void Connection::refuse_broken(unsigned status) {
    assert(state_ == State::reading || state_ == State::receiving);
    lose();
    state_ = State::receiving;
    refuse(status);
    assert(state_ == State::ended);
}

bool Connection::start(const Answer& answer) {
    assert(state_ == State::owing);
    last_ = last_ || !chunks_;
    write({.status = answer.status, .type = answer.type, .extra = answer.extra},
          {.by = chunks_ ? Framing::By::chunks : Framing::By::end, .last = last_});
    if (head_only()) {
        answered();
        return false;
    }
    state_ = State::streaming;
    if (!answer.body.empty()) send(answer.body);
    return true;
}

void Connection::send(std::string_view part) {
    assert(state_ == State::streaming);
    assert(!part.empty());  // In chunks, that would be the end.
    if (!chunks_) return stream_.send(part);
    const std::span<char> out =
        stream_.reserve(chunk_head_size_max + part.size() + std::string_view("\r\n").size());
    const int head = std::snprintf(out.data(), chunk_head_size_max + 1, "%zx\r\n", part.size());
    assert(head > 0);
    auto* end = std::ranges::copy(part, out.data() + head).out;
    *end++ = '\r';
    *end++ = '\n';
    stream_.commit(static_cast<std::size_t>(end - out.data()));
}

void Connection::end() {
    assert(state_ == State::streaming);
    if (chunks_) stream_.send(last_chunk);
    answered();
}

std::string_view Connection::head(std::span<char> out,
                                  const Answer& answer,
                                  std::size_t body_size) const {
    return write_head(out, answer, {.size = body_size, .last = last_});
}

void Connection::answered() {
    assert(state_ != State::reading);
    handler_ = nullptr;
    waits_since_ = host_.wire.loop().now();
    served_ = true;
    awaited_ = false;
    if (last_ || stream_.dead()) return finish();
    state_ = State::reading;
    parser_.next();
    stream_.resume();
}

void Connection::cut() {
    handler_ = nullptr;
    finish();
}

// Not paused: so that the client's end is seen.
void Connection::hang() {
    assert(state_ == State::owing);
    state_ = State::hung;
    stream_.resume();
}

void Connection::write(const Answer& answer, const Framing& framing) {
    const std::string_view body = head_only() ? std::string_view() : answer.body;
    const std::span<char> out = stream_.reserve(answer_head_size_max + body.size());
    const std::size_t head = write_head(out, answer, framing).size();
    std::ranges::copy(body, out.data() + head);
    stream_.commit(head + body.size());
}

void Connection::lose() {
    if (Handler* const handler = std::exchange(handler_, nullptr)) handler->on_gone(*this);
}

void Connection::finish() {
    lose();
    state_ = State::ended;
    stream_.finish();
}

void Connection::check() const {
    stream_.check();
    assert(stream_.dead() || !stream_.finishing() || state_ == State::ended);
    assert(state_ != State::reading || !asks());
    const bool owes = state_ == State::owing || state_ == State::streaming;
    assert(!owes || (asks() && !stream_.listens()));
    assert(!awaited_ || state_ == State::receiving);
    assert(!begun_ || state_ != State::owing);
}

}  // namespace herd::http
