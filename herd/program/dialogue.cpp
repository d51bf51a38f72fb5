#include "herd/program/dialogue.hpp"

#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

namespace herd::program {

namespace {

constexpr std::string_view early_end = "the connection ended before the last answer";

bool try_again(reactor::Errno error) {
    return error.value == EAGAIN;
}

}  // namespace

Dialogue::Dialogue(reactor::Loop& loop,
                   const Limits& limits,
                   Reader reader,
                   reactor::Delegate<void()> over)
    : loop_(loop),
      limits_(limits),
      reader_(reader),
      over_(over),
      timeout_(loop, reactor::Delegate<void()>::to<&Dialogue::on_timeout>(*this)) {
    assert(limits.time > reactor::Duration::zero());
    assert(limits.size > 0);
    assert(reader);
    assert(over);
}

reactor::Result<void> Dialogue::start(const reactor::Address& server,
                                      std::string out,
                                      reactor::SealPtr seal,
                                      Rest rest) {
    assert(!socket_.open());
    assert(!out.empty());
    out_ = std::move(out);
    seal_ = std::move(seal);
    rest_ = rest;
    const auto fd = reactor::sys::open_socket(server.v6);
    if (!fd) return std::unexpected(fd.error());
    socket_ = reactor::Socket(*fd);
    auto begun = reactor::sys::connect(*fd, server);
    if (!begun && begun.error().value != EINPROGRESS) return begun;
    auto watch = loop_.watch(
        *fd, reactor::Interest::write, reactor::Handler::to<&Dialogue::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    limit_time();
    return {};
}

void Dialogue::say(std::string_view more, Rest rest) {
    assert(socket_.open());
    assert(rest_ == Rest::to_come);
    out_.erase(0, taken_);
    taken_ = 0;
    out_ += more;
    rest_ = rest;
    if (!more.empty() && std::exchange(lasting_, false)) limit_time();
    if (state_ == State::talking && !all_sent_) watch_.want(reactor::Interest::both);
}

// With a seal our end is said to be one, and not a break.
void Dialogue::finish() {
    assert(socket_.open());
    rest_ = Rest::none;
    if (state_ == State::talking && !all_sent_) write();
    end({});
}

void Dialogue::on_ready(reactor::Ready ready) {
    assert(socket_.open());
    assert(timeout_.pending() || lasting_);
    if (state_ == State::connecting && !connected()) return;
    if (state_ == State::shaking && !shaken()) return;
    if (ready.writable && !all_sent_) write();
    if (ready.readable || ready.hangup) read();
}

bool Dialogue::connected() {
    assert(state_ == State::connecting);
    if (const auto error = reactor::sys::take_error(socket_.fd()); !error) {
        end(describe(error.error()));
        return false;
    }
    state_ = seal_ == nullptr ? State::talking : State::shaking;
    watch_.want(reactor::Interest::both);
    return true;
}

bool Dialogue::shaken() {
    assert(state_ == State::shaking);
    switch (seal_->shake(socket_.fd())) {
        case reactor::Seal::Shaken::wants_input:
        case reactor::Seal::Shaken::wants_little:
            watch_.want(reactor::Interest::read);
            return false;
        case reactor::Seal::Shaken::wants_output:
            watch_.want(reactor::Interest::write);
            return false;
        case reactor::Seal::Shaken::refused:
        case reactor::Seal::Shaken::plain:
            end(seal_->refusal());
            return false;
        case reactor::Seal::Shaken::done:
            break;
    }
    state_ = State::talking;
    watch_.want(reactor::Interest::both);
    return true;
}

// What goes wrong here shows when reading; there may still be answers.
void Dialogue::write() {
    assert(state_ == State::talking);
    assert(!all_sent_);
    while (sent_ < next_.size() || take_next()) {
        const auto sent = reactor::sys::send(socket_.fd(), std::string_view(next_).substr(sent_));
        if (!sent && try_again(sent.error())) return;
        if (!sent) break;
        sent_ += *sent;
    }
    watch_.want(reactor::Interest::read);
    if (sent_ == next_.size() && rest_ == Rest::to_come) return;
    all_sent_ = true;
    reactor::sys::shutdown_write(socket_.fd());
}

// The next piece of what is to be sent, and at last, with a seal, that this was all; false: there
// is none now.
bool Dialogue::take_next() {
    assert(sent_ == next_.size());
    const auto piece = std::string_view(out_).substr(taken_, reactor::Seal::record_max);
    taken_ += piece.size();
    sent_ = 0;
    if (seal_ == nullptr || (piece.empty() && rest_ == Rest::to_come)) {
        next_ = piece;
    } else {
        next_ = piece.empty() ? seal_->farewell() : seal_->seal(piece);
    }
    return !next_.empty();
}

void Dialogue::read() {
    assert(state_ == State::talking);
    std::array<char, 65536> buffer;  // NOLINT(*-member-init): only what is received is looked at
    const auto received = reactor::sys::receive(socket_.fd(), buffer);
    if (!received && try_again(received.error())) return;
    if (!received) return end(describe(received.error()));
    if (*received == 0) return end(early_end);
    if (seal_ == nullptr) return take({buffer.data(), *received});
    plain_.resize(*received + reactor::Seal::record_max);
    // Nothing is owed in reply: what is asked with new keys or an alert is the server's own affair.
    const auto opened = seal_->open({buffer.data(), *received}, plain_);
    take(std::string_view(plain_).substr(0, opened.count));
    if (!socket_.open() || opened.end == reactor::Seal::End::none) return;
    end(opened.end == reactor::Seal::End::farewell ? early_end : seal_->refusal());
}

void Dialogue::take(std::string_view news) {
    in_.append(news);
    const std::size_t size = in_.size();
    // Who sends no end of a line is not looked through again and again.
    if (news.find('\n') != std::string_view::npos && reader_(in_)) return finish();
    if (in_.size() > limits_.size) return end("the answer is too long");
    if (lasting_) return timeout_.cancel();
    if (in_.size() < size) limit_time();
}

// From now, not from when the loop woke: the reader may have waited long for somebody to read what
// it prints.
void Dialogue::limit_time() {
    timeout_.start_at(reactor::Instant(reactor::Duration(reactor::sys::monotonic_ns())) +
                      limits_.time);
}

void Dialogue::end(std::string_view trouble) {
    assert(socket_.open());
    trouble_ = trouble;
    timeout_.cancel();
    watch_ = {};
    socket_ = {};
    over_();
}

}  // namespace herd::program
