#include "bench/floor/sockets.hpp"

#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace bench::floor {

namespace {

constexpr std::uint32_t loopback = INADDR_LOOPBACK;
constexpr std::uint32_t host_bits = 0xFFFF;

sockaddr_in address_of(std::uint32_t host, Port port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(host);
    address.sin_port = htons(port);
    return address;
}

const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

void set(int descriptor, int level, int option) {
    const int on = 1;
    if (setsockopt(descriptor, level, option, &on, sizeof on) != 0) die("setsockopt");
}

int open_socket() {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) die("socket");
    return descriptor;
}

}  // namespace

void die(const char* what) {
    std::fputs("herd-floor: ", stderr);
    std::perror(what);
    std::exit(1);
}

int listen_on(Port port) {
    const int descriptor = open_socket();
    set(descriptor, SOL_SOCKET, SO_REUSEADDR);
    const sockaddr_in address = address_of(loopback, port);
    if (bind(descriptor, generic(address), sizeof address) != 0) die("bind");
    if (listen(descriptor, SOMAXCONN) != 0) die("listen");
    return descriptor;
}

int accept_from(int listener) {
    const int descriptor = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) set(descriptor, IPPROTO_TCP, TCP_NODELAY);
    return descriptor;
}

int dial(Port port, Port self) {
    const int descriptor = open_socket();
    set(descriptor, IPPROTO_TCP, TCP_NODELAY);
    // All of 127.0.0.0/8 is this machine: the lower half of the address says the dialler's port.
    const sockaddr_in from = address_of((loopback & ~host_bits) | self, 0);
    if (bind(descriptor, generic(from), sizeof from) != 0) die("bind");
    const sockaddr_in to = address_of(loopback, port);
    static_cast<void>(connect(descriptor, generic(to), sizeof to));
    return descriptor;
}

Port dialled_by(int descriptor) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return static_cast<Port>(ntohl(address.sin_addr.s_addr) & host_bits);
}

std::string_view send_some(int descriptor, std::string_view bytes) {
    const auto count = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    return bytes;
}

}  // namespace bench::floor
