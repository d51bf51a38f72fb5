// Sockets, as reactor::sys has them.
#include "reactor/calls_linux.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace reactor::sys {

static_assert(not_a_port == ENOTSOCK);
static_assert(no_such_name == ENODATA);
static_assert(no_name_server == EAGAIN);

namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_system(const Address& address) {
    SocketAddress out;
    if (address.v6) {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(address.port);
        std::memcpy(&in.sin6_addr, address.bytes.data(), sizeof in.sin6_addr);
        std::memcpy(&out.storage, &in, sizeof in);
        out.size = sizeof in;
    } else {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(address.port);
        std::memcpy(&in.sin_addr, address.bytes.data(), sizeof in.sin_addr);
        std::memcpy(&out.storage, &in, sizeof in);
        out.size = sizeof in;
    }
    return out;
}

// Who comes by IPv4 to a socket that takes both is known by the address that it has itself.
Address from_system(const SocketAddress& from) {
    Address address;
    if (from.storage.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &from.storage, sizeof in);
        address.v6 = true;
        address.port = ntohs(in.sin6_port);
        std::memcpy(address.bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
        address = address.unmapped();
    } else {
        sockaddr_in in{};
        std::memcpy(&in, &from.storage, sizeof in);
        address.port = ntohs(in.sin_port);
        std::memcpy(address.bytes.data(), &in.sin_addr, sizeof in.sin_addr);
    }
    return address;
}

}  // namespace

Result<int> open_socket(bool v6) {
    return check(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<void> set_option(int fd, Option option, int value) {
    int level = IPPROTO_TCP;
    int name = 0;
    switch (option) {
        case Option::reuse_address:
            level = SOL_SOCKET, name = SO_REUSEADDR;
            break;
        case Option::no_delay:
            name = TCP_NODELAY;
            break;
        case Option::keep_alive:
            level = SOL_SOCKET, name = SO_KEEPALIVE;
            break;
        case Option::keep_alive_idle_s:
            name = TCP_KEEPIDLE;
            break;
        case Option::keep_alive_interval_s:
            name = TCP_KEEPINTVL;
            break;
        case Option::keep_alive_count:
            name = TCP_KEEPCNT;
            break;
        case Option::user_timeout_ms:
            name = TCP_USER_TIMEOUT;
            break;
        case Option::send_buffer_size:
            level = SOL_SOCKET, name = SO_SNDBUF;
            break;
        case Option::unsent_low_water:
            name = TCP_NOTSENT_LOWAT;
            break;
        case Option::quick_ack:
            name = TCP_QUICKACK;
            break;
        case Option::receive_low_water:
            level = SOL_SOCKET, name = SO_RCVLOWAT;
            break;
        case Option::receive_buffer_size:
            level = SOL_SOCKET, name = SO_RCVBUF;
            break;
        case Option::late_port:
            level = IPPROTO_IP, name = IP_BIND_ADDRESS_NO_PORT;
            break;
    }
    return check_done(setsockopt(fd, level, name, &value, sizeof value));
}

Result<void> bind(int fd, const Address& address) {
    auto system = to_system(address);
    return check_done(::bind(fd, system.get(), system.size));
}

Result<void> listen(int fd, int backlog) {
    return check_done(::listen(fd, backlog));
}

Result<int> accept(int fd) {
    return check(
        repeat([&] { return accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }));
}

Result<void> connect(int fd, const Address& address) {
    auto system = to_system(address);
    // An interrupted connect goes on by itself: it must not be repeated.
    return check_done(::connect(fd, system.get(), system.size));
}

Result<void> take_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return failure(errno);
    if (error != 0) return failure(error);
    return {};
}

Result<Address> local_address(int fd) {
    SocketAddress address;
    if (getsockname(fd, address.get(), &address.size) < 0) return failure(errno);
    return from_system(address);
}

Result<Address> peer_address(int fd) {
    SocketAddress address;
    if (getpeername(fd, address.get(), &address.size) < 0) return failure(errno);
    return from_system(address);
}

Result<std::size_t> receive(int fd, std::span<char> buffer) {
    return check_size(repeat([&] { return recv(fd, buffer.data(), buffer.size(), 0); }));
}

Result<std::size_t> peek(int fd, std::span<char> buffer) {
    return check_size(repeat([&] { return recv(fd, buffer.data(), buffer.size(), MSG_PEEK); }));
}

Result<std::size_t> send(int fd, std::string_view bytes) {
    return check_size(repeat([&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); }));
}

Result<std::size_t> look_up(const char* name, std::uint16_t port, std::span<Address> into) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(name, nullptr, &wanted, &found);
    if (error != 0) {
        const bool none = error == EAI_NONAME || error == EAI_NODATA;
        return failure(none ? no_such_name : no_name_server);
    }
    std::size_t count = 0;
    for (const addrinfo* each = found; each != nullptr && count < into.size();
         each = each->ai_next) {
        SocketAddress system;
        std::memcpy(&system.storage, each->ai_addr, each->ai_addrlen);
        Address address = from_system(system);
        address.port = port;
        const auto before = into.first(count);
        if (std::ranges::find(before, address) == before.end()) into[count++] = address;
    }
    freeaddrinfo(found);
    if (count == 0) return failure(no_such_name);
    return count;
}

Result<SocketKind> take_over(int fd) {
    const auto option = [fd](int name) {
        int value = -1;
        socklen_t size = sizeof value;
        return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
    };
    const int type = option(SO_TYPE);
    const int domain = option(SO_DOMAIN);
    const bool known = (domain == AF_INET || domain == AF_INET6) &&
                       (type == SOCK_STREAM || type == SOCK_DGRAM) && !peer_address(fd);
    if (!known) return failure(not_a_port);
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return failure(errno);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return failure(errno);
    return type == SOCK_STREAM ? SocketKind::stream : SocketKind::datagrams;
}

void shutdown_write(int fd) {
    shutdown(fd, SHUT_WR);
}

// Linux closes the descriptor even when close() is interrupted: it must not be repeated.
void close(int fd) {
    ::close(fd);
}

// Datagrams
// -----------------------------------------------------------------------------------------

Result<int> open_datagrams(bool v6) {
    return check(socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<std::size_t> receive_datagrams(int fd, std::span<char> room, std::span<Datagram> into) {
    assert(!into.empty());
    assert(into.size() <= datagrams_max);
    const std::size_t part = room.size() / into.size();
    std::array<SocketAddress, datagrams_max> from;
    std::array<iovec, datagrams_max> parts{};
    std::array<mmsghdr, datagrams_max> messages{};
    for (std::size_t i = 0; i < into.size(); ++i) {
        parts[i] = {room.data() + i * part, part};
        messages[i].msg_hdr.msg_name = from[i].get();
        messages[i].msg_hdr.msg_namelen = from[i].size;
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    auto count = check_size(repeat([&] {
        return recvmmsg(fd, messages.data(), static_cast<unsigned>(into.size()), 0, nullptr);
    }));
    if (!count) return count;
    for (std::size_t i = 0; i < *count; ++i) {
        into[i] = {.from = from_system(from[i]),
                   .bytes = {room.data() + i * part, messages[i].msg_len},
                   .cut = (messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0};
    }
    return count;
}

}  // namespace reactor::sys
