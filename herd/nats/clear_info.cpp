#include "herd/nats/clear_info.hpp"

#include "reactor/sys.hpp"

#include <cassert>
#include <cerrno>
#include <span>
#include <utility>
#include <variant>

namespace herd::nats {

reactor::Result<void> ClearInfo::begin(reactor::Socket socket) {
    assert(!reading());
    auto watch = loop_.watch(
        socket.fd(), reactor::Interest::read, reactor::Handler::to<&ClearInfo::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    socket_ = std::move(socket);
    size_ = 0;
    return {};
}

void ClearInfo::cancel() {
    watch_.stop();
    socket_.close();
}

void ClearInfo::on_ready(reactor::Ready) {
    assert(reading());
    const auto received = reactor::sys::receive(socket_.fd(), std::span(bytes_).subspan(size_));
    if (!received && received.error().value == EAGAIN) return;
    if (!received || *received == 0) return fail(false);
    size_ += *received;
    const std::string_view come(bytes_.data(), size_);
    protocol::nats::Reader reader({.info_max = size_max - 8, .payload_max = 0});
    const auto read = reader.read(come);
    if (!read) return fail(true);
    if (!read->message) return;
    const auto* const info = std::get_if<protocol::nats::Info>(&*read->message);
    if (info == nullptr || read->consumed != size_) return fail(true);
    watch_.stop();
    told_(std::move(socket_), info->json);
}

void ClearInfo::fail(bool nonsense) {
    cancel();
    failed_(nonsense);
}

}  // namespace herd::nats
