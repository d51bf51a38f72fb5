#pragma once

#include <cstdint>
#include <string_view>

namespace bench::floor {

using Port = std::uint16_t;  // all of it is on loopback

// Says what failed and why, and ends the process.
[[noreturn]] void die(const char* what);

int listen_on(Port port);

// A connection that waits, without Nagle's delay; -1: none for now.
int accept_from(int listener);

// A connection under way, or one that epoll calls hung up. It comes from the address that
// `address_of(self)` is, for the acceptor to know who dials: a neighbour says nothing but AT lines.
int dial(Port port, Port self);

// The port that the other end gave itself as its name in `dial`.
Port dialled_by(int descriptor);

// Sends what the kernel takes and returns the rest. An error is epoll's to tell.
std::string_view send_some(int descriptor, std::string_view bytes);

}  // namespace bench::floor
