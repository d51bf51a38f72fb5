#include "tests/live/client.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

namespace live {

LoopbackSocket::LoopbackSocket(std::uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) throw std::runtime_error("socket");
    address_.sin_family = AF_INET;
    address_.sin_port = htons(port);
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

LoopbackSocket::~LoopbackSocket() {
    ::close(fd_);
}

Client::Client(std::uint16_t port) : socket_(port) {
    if (!socket_.connect()) throw std::runtime_error("connect to " + std::to_string(port));
}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        wait_for(POLLOUT);
        const auto sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) throw std::runtime_error("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Client::end() const {
    ::shutdown(socket_.fd(), SHUT_WR);
}

std::string Client::read_all() {
    while (receive()) {
    }
    return std::exchange(buffer_, {});
}

std::string Client::ask_block(std::string_view line) {
    send(std::string(line) + "\n");
    return read_block();
}

std::string Client::ask(std::string_view line) {
    send(std::string(line) + '\n');
    return read_line();
}

bool Client::ended() {
    read_all();
    return true;
}

std::string Client::read_until(std::string_view mark) {
    std::size_t end = buffer_.find(mark);
    while (end == std::string::npos && receive()) end = buffer_.find(mark);
    const std::size_t size = end == std::string::npos ? buffer_.size() : end + mark.size();
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
}

bool Client::receive() {
    wait_for(POLLIN);
    char buffer[16384];
    const auto got = ::recv(socket_.fd(), buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    buffer_.append(buffer, static_cast<std::size_t>(got));
    return true;
}

void Client::wait_for(short events) const {
    pollfd what{socket_.fd(), events, 0};
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline);
    while (true) {
        const int count = ::poll(&what, 1, static_cast<int>(time.count()));
        if (count > 0) return;
        if (count == 0) throw std::runtime_error("the server did not answer in time");
        if (errno != EINTR) throw std::runtime_error("poll");
    }
}

namespace {

// What is said first, up to the newline, by who comes next; empty where that is a handshake, which
// is answered as by a server without keys.
std::string first_line(int listener) {
    constexpr char handshake = 22;
    constexpr std::string_view no_tls = "ERR 507 TLS is not spoken here\n";
    std::string line;
    char byte = 0;
    const int fd = ::accept(listener, nullptr, nullptr);
    while (byte != '\n' && ::read(fd, &byte, 1) == 1 && byte != handshake) line += byte;
    if (byte == handshake) {
        line.clear();
        if (::write(fd, no_tls.data(), no_tls.size()) < 0) throw std::runtime_error("no answer");
        ::shutdown(fd, SHUT_WR);
        std::array<char, 4096> rest{};
        while (::read(fd, rest.data(), rest.size()) > 0) continue;
    }
    ::close(fd);
    return line;
}

}  // namespace

std::string cookie_told(std::uint16_t port) {
    const LoopbackSocket listener(port);
    const int on = 1;  // A server that was killed has just listened there.
    ::setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!listener.bind() || !listener.listen()) throw std::runtime_error("cannot listen");
    std::string hello;
    while (hello.empty()) hello = first_line(listener.fd());
    // Behind it stands what the server was told itself.
    constexpr std::size_t size = 16;
    if (hello.size() < 2 * size + 2) throw std::runtime_error("no HELLO: " + hello);
    return hello.substr(hello.size() - 2 * size - 2, size);
}

bool accepts(std::uint16_t port) {
    return LoopbackSocket(port).connect();
}

}  // namespace live
