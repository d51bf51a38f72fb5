#include "reactor/datagrams.hpp"

#include "reactor/ports.hpp"

#include <array>
#include <cassert>
#include <utility>

namespace reactor {

Result<Address> Datagrams::open(const Address& address) {
    assert(!socket_.open());
    auto room = Pages::map(memory(size_max_));
    if (!room) return std::unexpected(room.error());
    auto socket = loop_.ports().open(Ports::Kind::datagrams, address);
    if (!socket) return std::unexpected(socket.error());
    const int fd = (*socket).fd();
    // Smaller than wished for it serves as well.
    static_cast<void>(sys::set_option(fd, sys::Option::receive_buffer_size, kernel_buffer_size));
    auto local = sys::local_address(fd);
    if (!local) return local;
    auto watch = loop_.watch(fd, Interest::read, Handler::to<&Datagrams::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    room_ = std::move(*room);
    socket_ = std::move(*socket);
    watch_ = std::move(*watch);
    return local;
}

void Datagrams::close() {
    watch_.stop();
    socket_.close();
}

// Level-triggered: those that are left come with the next iteration.
void Datagrams::on_ready(Ready) {
    assert(socket_.open());
    std::array<sys::Datagram, sys::datagrams_max> batch;
    const auto count =
        sys::receive_datagrams(socket_.fd(), room_.bytes().first(memory(size_max_)), batch);
    if (count && *count > 0) received_(std::span(batch).first(*count));
}

}  // namespace reactor
