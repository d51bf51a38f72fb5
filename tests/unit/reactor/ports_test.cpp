#include "reactor/ports.hpp"

#include "reactor/listener.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"

#include <catch2/catch.hpp>

#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ports_test {

using namespace reactor;

namespace {

// As somebody else has made it: it blocks, and stays open on exec.
int listening(Address& at) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    REQUIRE(sys::bind(fd, Address::loopback(0)));
    REQUIRE(::listen(fd, 1) == 0);
    at = *sys::local_address(fd);
    return fd;
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

struct Dropped {
    void on_dropped(int fd) { fds.push_back(fd); }
    Delegate<void(int)> tell() { return Delegate<void(int)>::to<&Dropped::on_dropped>(*this); }
    std::vector<int> fds;
};

}  // namespace

TEST_CASE("ports: what was handed down at the address is what is opened there", "[reactor]") {
    Address at;
    const int fd = listening(at);
    Ports ports;
    REQUIRE(ports.take_over(fd));
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    auto socket = ports.open(Ports::Kind::stream, at);
    REQUIRE(socket);
    CHECK((*socket).fd() == fd);
    REQUIRE(ports.opened().size() == 1);
    CHECK(ports.opened()[0].taken_over);
    CHECK(ports.opened()[0].address == at);
    Dropped dropped;
    ports.drop_rest(dropped.tell());
    CHECK(dropped.fds.empty());
    CHECK(is_open(fd));
}

TEST_CASE("ports: what is wanted elsewhere, or of another kind, is opened anew", "[reactor]") {
    Address at;
    const int fd = listening(at);
    Ports ports;
    REQUIRE(ports.take_over(fd));
    const auto datagrams = ports.open(Ports::Kind::datagrams, at);
    REQUIRE(datagrams);
    auto other = ports.open(Ports::Kind::stream, Address::loopback(0));
    REQUIRE(other);
    CHECK((*other).fd() != fd);
    CHECK_FALSE(ports.opened()[1].taken_over);
    Dropped dropped;
    ports.drop_rest(dropped.tell());
    CHECK(dropped.fds == std::vector{fd});
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("ports: what is no port, or connected, is not taken", "[reactor]") {
    Ports ports;
    CHECK_FALSE(ports.take_over(::open("/dev/null", O_RDONLY)));
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_FALSE(ports.take_over(pair[0]));
    ::close(pair[1]);
    Address at;
    const int fd = listening(at);
    const int dialled = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(sys::connect(dialled, at));
    CHECK_FALSE(ports.take_over(dialled));
    CHECK_FALSE(is_open(dialled));
    ::close(fd);
    CHECK_FALSE(ports.take_over(1 << 20));
}

TEST_CASE("ports: a listener takes those who wait in the queue of what was handed down",
          "[reactor]") {
    Address at;
    const int fd = listening(at);
    const int waiting = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(sys::connect(waiting, at));
    struct Owner {
        void on_accepted(Socket) { ++accepted; }
        int accepted = 0;
    } owner;
    Loop loop;
    REQUIRE(loop.open({}));
    REQUIRE(loop.ports().take_over(fd));
    Listener listener(loop, Delegate<void(Socket)>::to<&Owner::on_accepted>(owner));
    REQUIRE(listener.listen(at, SocketProfile::client));
    loop.run_once();
    CHECK(owner.accepted == 1);
    ::close(waiting);
}

}  // namespace ports_test
