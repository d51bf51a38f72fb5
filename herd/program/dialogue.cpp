#include "herd/program/dialogue.hpp"

#include "reactor/sys.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

namespace herd::program {

namespace {

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

reactor::Result<void> Dialogue::start(const reactor::Address& server, std::string out) {
    assert(!socket_.open());
    assert(!out.empty());
    out_ = std::move(out);
    const auto fd = reactor::sys::open_socket(server.v6);
    if (!fd) return std::unexpected(fd.error());
    socket_ = reactor::Socket(*fd);
    auto begun = reactor::sys::connect(*fd, server);
    if (!begun && begun.error().value != EINPROGRESS) return begun;
    auto watch = loop_.watch(
        *fd, reactor::Interest::write, reactor::Handler::to<&Dialogue::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    timeout_.start(limits_.time);
    return {};
}

void Dialogue::on_ready(reactor::Ready ready) {
    assert(socket_.open());
    assert(timeout_.pending());
    if (!connected_ && !connected()) return;
    if (ready.writable && sent_ < out_.size()) write();
    if (ready.readable || ready.hangup) read();
}

bool Dialogue::connected() {
    assert(!connected_);
    if (const auto error = reactor::sys::take_error(socket_.fd()); !error) {
        end(describe(error.error()));
        return false;
    }
    connected_ = true;
    watch_.want(reactor::Interest::both);
    return true;
}

// What goes wrong here shows when reading; there may still be answers.
void Dialogue::write() {
    assert(connected_);
    assert(sent_ < out_.size());
    const auto sent = reactor::sys::send(socket_.fd(), std::string_view(out_).substr(sent_));
    if (!sent && try_again(sent.error())) return;
    sent_ = sent ? sent_ + *sent : out_.size();
    if (sent_ < out_.size()) return;
    reactor::sys::shutdown_write(socket_.fd());
    watch_.want(reactor::Interest::read);
}

void Dialogue::read() {
    assert(connected_);
    std::array<char, 65536> buffer;  // NOLINT(*-member-init): only what is received is looked at
    const auto received = reactor::sys::receive(socket_.fd(), buffer);
    if (!received && try_again(received.error())) return;
    if (!received) return end(describe(received.error()));
    if (*received == 0) return end("the connection ended before the last answer");
    in_.append(buffer.data(), *received);
    const std::size_t size = in_.size();
    // Who sends no end of a line is not looked through again and again.
    const bool news =
        std::string_view(buffer.data(), *received).find('\n') != std::string_view::npos;
    if (news && reader_(in_)) return end({});
    if (in_.size() > limits_.size) return end("the answer is too long");
    if (in_.size() < size) timeout_.start(limits_.time);
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
