#pragma once

#include "reactor/address.hpp"
#include "reactor/result.hpp"
#include "reactor/sys.hpp"

#include <span>
#include <string_view>
#include <utility>

namespace reactor {

// Owns one socket's descriptor. Move-only.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Socket() { close(); }

    void close() {
        if (fd_ >= 0) sys::close(std::exchange(fd_, -1));
    }
    bool open() const { return fd_ >= 0; }
    int fd() const { return fd_; }

private:
    int fd_ = -1;
};

// Whom a socket is tuned for: it decides how soon the kernel gives up a silent connection.
enum class SocketProfile { client, neighbour };

// The options every connected socket gets: no Nagle delay, keep-alive, for clients a bound on
// unacknowledged time, and one on what the kernel keeps for who does not read. For a neighbour that
// is less, so that unsent records can still be replaced. Failures are ignored: a connection without
// them still works.
void tune(const Socket& socket, SocketProfile profile);

// Where the other side is, or "nowhere" when it has gone, for people; written into `out`
// (address_text_size_max).
std::string_view peer_text(const Socket& socket, std::span<char> out);

}  // namespace reactor
