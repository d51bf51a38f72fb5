// What goes before a handshake's first step: its first record is gathered.
#include "reactor/handshakes.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace reactor {

namespace {

// RFC 8446, 5.1: a record is its type, a version, its length and so many bytes.
constexpr std::size_t record_head = 5;
// So many bytes are looked at: those of most are there at once.
constexpr std::size_t first_record_usual = 2048;
constexpr std::size_t first_record_max = record_head + Seal::record_max;

std::size_t record_size(std::span<const char> head) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };
    return record_head + (std::size_t{byte(3)} << 8 | byte(4));
}

}  // namespace

// All stays in the kernel, which says when the record is whole, or that no more will come.
void Handshakes::gather(Handshake& handshake) {
    if (handshake.sized) return greet(handshake);
    std::array<char, first_record_usual> start;  // NOLINT(*-member-init): what is seen is looked at
    const int fd = handshake.socket.fd();
    const auto seen = sys::peek(fd, start);
    if (!seen && seen.error().value == EAGAIN) return;
    // Woken for less than was asked for: there will be no more.
    if (!seen || *seen < handshake.wanted) return drop(handshake);
    if (start[0] != Seal::first_byte) return take_plain(handshake);
    std::size_t wanted = record_head;
    if (*seen >= record_head) {
        wanted = record_size(start);
        if (wanted > first_record_max) return drop(handshake);
        if (*seen >= wanted) return greet(handshake);
        handshake.sized = true;
    }
    handshake.wanted = record_head;
    if (!sys::set_option(fd, sys::Option::receive_low_water, static_cast<int>(wanted))) {
        drop(handshake);
    }
}

void Handshakes::greet(Handshake& handshake) {
    handshake.unlink();
    handshake.state = State::greeted;
    handshake.watch.stop();
    (handshake.door.goes_first ? greeted_first_ : greeted_).push_back(handshake);
    ask_next();
}

void Handshakes::take_plain(Handshake& handshake) {
    handshake.unlink();
    if (handshake.door.takes_plain) return finish(handshake);
    ++counters_.plain;
    handshake.door.refused({handshake.socket, "it does not speak TLS", true});
    std::array<char, speaks_tls.size() + 1> line{};
    *std::ranges::copy(speaks_tls, line.begin()).out = '\n';
    static_cast<void>(sys::send(handshake.socket.fd(), {line.data(), line.size()}));
    linger(handshake);
}

}  // namespace reactor
