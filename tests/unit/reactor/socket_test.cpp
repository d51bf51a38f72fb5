#include "reactor/socket.hpp"

#include "tests/unit/reactor/sockets.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reactor::socket_test {

namespace {

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

int option(const Socket& socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    REQUIRE(getsockopt(socket.fd(), level, name, &value, &size) == 0);
    return value;
}

TEST_CASE("socket: closes its descriptor once, when it dies", "[reactor][socket]") {
    int fd = -1;
    {
        Socket socket(sys::open_socket(false).value());
        fd = socket.fd();
        REQUIRE(is_open(fd));
        Socket other(std::move(socket));
        REQUIRE_FALSE(socket.open());  // NOLINT(*-use-after-move,*.Move)
        REQUIRE(other.fd() == fd);
    }
    REQUIRE_FALSE(is_open(fd));
}

TEST_CASE("socket: close is idempotent and does not hit a newcomer", "[reactor][socket]") {
    Socket socket(sys::open_socket(false).value());
    const int fd = socket.fd();
    socket.close();
    Socket newcomer(sys::open_socket(false).value());
    REQUIRE(newcomer.fd() == fd);
    socket.close();
    REQUIRE(is_open(fd));
}

TEST_CASE("socket: moving onto an open socket closes what it held", "[reactor][socket]") {
    Socket target(sys::open_socket(false).value());
    const int old = target.fd();
    {
        Socket source(sys::open_socket(false).value());
        target = std::move(source);
    }
    REQUIRE_FALSE(is_open(old));
    REQUIRE(target.open());
}

TEST_CASE("socket: every descriptor is closed on exec and does not block", "[reactor][socket]") {
    auto [ours, theirs] = test::tcp_pair();
    for (const int fd : {ours.fd(), theirs.fd()}) {
        REQUIRE((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        REQUIRE((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    }
    char byte = 0;
    REQUIRE(sys::receive(ours.fd(), {&byte, 1}).error().value == EAGAIN);
}

TEST_CASE("socket: a tuned client is found dead in the time given", "[reactor][socket]") {
    auto [ours, theirs] = test::tcp_pair();
    tune(ours, SocketProfile::client);
    REQUIRE(option(ours, IPPROTO_TCP, TCP_NODELAY) == 1);
    REQUIRE(option(ours, SOL_SOCKET, SO_KEEPALIVE) == 1);
    const int idle = option(ours, IPPROTO_TCP, TCP_KEEPIDLE);
    const int interval = option(ours, IPPROTO_TCP, TCP_KEEPINTVL);
    const int count = option(ours, IPPROTO_TCP, TCP_KEEPCNT);
    REQUIRE(idle + interval * count == 120);
    REQUIRE(option(ours, IPPROTO_TCP, TCP_USER_TIMEOUT) == 90'000);
    // Who does not read costs the kernel no more than that either.
    REQUIRE(option(ours, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 64 << 10);
}

TEST_CASE("socket: a tuned neighbour may read as slowly as it likes", "[reactor][socket]") {
    auto [ours, theirs] = test::tcp_pair();
    const int small = 4'096;
    REQUIRE(setsockopt(theirs.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
    tune(ours, SocketProfile::neighbour);
    const std::string bytes(std::size_t{64} << 10, 'x');
    while (sys::send(ours.fd(), bytes)) {
    }
    // Longer than a neighbour may be silent; and not all that is sent has room at once.
    char buffer[400];
    std::size_t heard = 0;
    for (int i = 0; i < 100; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(45));
        heard += sys::receive(theirs.fd(), buffer).value_or(0);
        REQUIRE(sys::take_error(ours.fd()).has_value());
    }
    REQUIRE(heard > 0);
}
TEST_CASE("socket: a tuned neighbour is found dead within seconds when nothing is under way",
          "[reactor][socket]") {
    auto [ours, theirs] = test::tcp_pair();
    tune(ours, SocketProfile::neighbour);
    const int idle = option(ours, IPPROTO_TCP, TCP_KEEPIDLE);
    const int interval = option(ours, IPPROTO_TCP, TCP_KEEPINTVL);
    REQUIRE(idle + interval * option(ours, IPPROTO_TCP, TCP_KEEPCNT) == 5);
    REQUIRE(option(ours, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 16 << 10);
    REQUIRE(option(ours, SOL_SOCKET, SO_SNDBUF) >= 256 << 10);
}

TEST_CASE("socket: writing to a closed peer is an error, not a signal", "[reactor][socket]") {
    const auto before = signal(SIGPIPE, SIG_DFL);
    auto [ours, theirs] = test::local_pair();
    theirs.close();
    REQUIRE(sys::send(ours.fd(), "x").error().value == EPIPE);
    signal(SIGPIPE, before);
}

TEST_CASE("sys: nothing of ours is taken for a standard descriptor that was closed",
          "[reactor][socket]") {
    for (const int closed : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        const pid_t child = fork();
        if (child == 0) {
            for (int fd = closed; fd <= STDERR_FILENO; ++fd) close(fd);
            sys::open_standard_descriptors();
            const int ours = *sys::open_socket(false);
            const bool written = sys::write(STDERR_FILENO, "").has_value();
            _exit(ours > STDERR_FILENO && written ? 0 : 1);
        }
        int status = -1;
        REQUIRE(waitpid(child, &status, 0) == child);
        REQUIRE(status == 0);
    }
}

}  // namespace

}  // namespace reactor::socket_test
