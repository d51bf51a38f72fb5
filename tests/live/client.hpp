#pragma once

#include "tests/live/process.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

namespace live {

// A socket on this machine's loopback, closed when this dies.
class LoopbackSocket {
public:
    explicit LoopbackSocket(std::uint16_t port);
    LoopbackSocket(const LoopbackSocket&) = delete;
    LoopbackSocket& operator=(const LoopbackSocket&) = delete;
    ~LoopbackSocket();

    bool bind() const { return ::bind(fd_, address(), sizeof address_) == 0; }
    bool listen() const { return ::listen(fd_, 16) == 0; }
    bool connect() const { return ::connect(fd_, address(), sizeof address_) == 0; }
    int fd() const { return fd_; }

private:
    const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }

    int fd_;
    sockaddr_in address_{};
};

// A client's connection to a server on loopback: blocks, but never longer than the deadline.
class Client {
public:
    // Throws when nobody listens.
    explicit Client(std::uint16_t port);

    void send(std::string_view bytes);
    // Says that no more comes.
    void end() const;

    // The next line with its newline, or what there is when the server ends.
    std::string read_line() { return read_until("\n"); }
    // Up to and with the next empty line: the answer to a WHATSAT or a NEARBY.
    std::string read_block() { return read_until("\n\n"); }
    std::string read_all();
    std::string ask(std::string_view line);
    std::string ask_block(std::string_view line);
    // Whether the server ends the connection, after whatever it still says.
    bool ended();
    int fd() const { return socket_.fd(); }

private:
    std::string read_until(std::string_view mark);
    // False at the end; a reset counts as one.
    bool receive();
    void wait_for(short events) const;

    LoopbackSocket socket_;
    std::string buffer_;
};

// What a server tells whoever listens at the port of its neighbour, to show when it dials: listens
// there until the server has said it.
std::string cookie_told(std::uint16_t port);

// Whether somebody accepts there.
bool accepts(std::uint16_t port);

}  // namespace live
