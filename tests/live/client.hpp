#pragma once

#include "tests/live/process.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace live {

// A socket on this machine's loopback, closed when this dies.
class LoopbackSocket {
public:
    explicit LoopbackSocket(std::uint16_t port)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0) throw std::runtime_error("socket");
        address_.sin_family = AF_INET;
        address_.sin_port = htons(port);
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    LoopbackSocket(const LoopbackSocket&) = delete;
    LoopbackSocket& operator=(const LoopbackSocket&) = delete;
    ~LoopbackSocket() { ::close(fd_); }

    bool bind() const { return ::bind(fd_, address(), sizeof address_) == 0; }
    bool listen() const { return ::listen(fd_, 16) == 0; }
    bool connect() const { return ::connect(fd_, address(), sizeof address_) == 0; }
    int fd() const { return fd_; }

private:
    const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }

    int fd_;
    sockaddr_in address_{};
};

// Ports on loopback that nobody has, outside the range of outgoing connections. Never the same
// again within a test program; where it begins depends on the process.
inline std::vector<std::uint16_t> free_ports(std::size_t count) {
    constexpr int first = 14'000;
    constexpr int size = 16'000;
    static int next = static_cast<int>(static_cast<long>(getpid()) * 37 % size);
    std::vector<std::uint16_t> ports;
    for (int tries = 0; ports.size() < count; ++tries) {
        if (tries == size) throw std::runtime_error("no free ports");
        const auto port = static_cast<std::uint16_t>(first + next++ % size);
        if (LoopbackSocket(port).bind()) ports.push_back(port);
    }
    return ports;
}

// A client's connection to a server on loopback: blocks, but never longer than the deadline.
class Client {
public:
    // Throws when nobody listens.
    explicit Client(std::uint16_t port) : socket_(port) {
        if (!socket_.connect()) throw std::runtime_error("connect to " + std::to_string(port));
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            wait_for(POLLOUT);
            const auto sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) throw std::runtime_error("send");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    // Says that no more comes.
    void end() const { ::shutdown(socket_.fd(), SHUT_WR); }

    // The next line with its newline, or what there is when the server ends.
    std::string read_line() { return read_until("\n"); }
    // Up to and with the next empty line: the answer to a WHATSAT.
    std::string read_block() { return read_until("\n\n"); }
    std::string read_all() {
        while (receive()) {
        }
        return std::exchange(buffer_, {});
    }
    std::string ask(std::string_view line) {
        send(std::string(line) + '\n');
        return read_line();
    }
    // Whether the server ends the connection, after whatever it still says.
    bool ended() {
        read_all();
        return true;
    }
    int fd() const { return socket_.fd(); }

private:
    std::string read_until(std::string_view mark) {
        std::size_t end = buffer_.find(mark);
        while (end == std::string::npos && receive()) end = buffer_.find(mark);
        const std::size_t size = end == std::string::npos ? buffer_.size() : end + mark.size();
        std::string taken = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return taken;
    }
    // False at the end; a reset counts as one.
    bool receive() {
        wait_for(POLLIN);
        char room[16384];
        const auto got = ::recv(socket_.fd(), room, sizeof room, 0);
        if (got <= 0) return false;
        buffer_.append(room, static_cast<std::size_t>(got));
        return true;
    }
    void wait_for(short events) const {
        pollfd what{socket_.fd(), events, 0};
        const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline);
        while (true) {
            const int count = ::poll(&what, 1, static_cast<int>(time.count()));
            if (count > 0) return;
            if (count == 0) throw std::runtime_error("the server did not answer in time");
            if (errno != EINTR) throw std::runtime_error("poll");
        }
    }

    LoopbackSocket socket_;
    std::string buffer_;
};

// Whether somebody accepts there.
inline bool accepts(std::uint16_t port) {
    return LoopbackSocket(port).connect();
}

}  // namespace live
