#include "reactor/listener.hpp"
#include "reactor/ports.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace reactor {
namespace {

using namespace test;

// Lets this process open no descriptor beyond those below `fd`. Meanwhile nothing may be required:
// the checks of a sanitizer want descriptors too.
class Scarcity {
public:
    explicit Scarcity(int fd) {
        getrlimit(RLIMIT_NOFILE, &before_);
        rlimit scarce = before_;
        scarce.rlim_cur = static_cast<rlim_t>(fd);
        setrlimit(RLIMIT_NOFILE, &scarce);
    }
    Scarcity(const Scarcity&) = delete;
    Scarcity& operator=(const Scarcity&) = delete;
    ~Scarcity() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

struct Host {
    explicit Host(Loop& loop) : listener(loop, Delegate<void(Socket)>::to<&Host::welcome>(*this)) {}
    void welcome(Socket socket) { guests.push_back(std::move(socket)); }
    std::vector<Socket> guests;
    Listener listener;
};

TEST_CASE("listener: out of descriptors it backs off instead of spinning, and then goes on",
          "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    const auto address = host.listener.listen(Address::loopback(0), SocketProfile::client);
    const Socket first = knock(*address);
    const Socket second = knock(*address);
    const Socket probe(dup(first.fd()));
    std::size_t guests = 0;
    int iterations = 0;
    std::uint64_t backoffs = 0;
    Duration left{};
    {
        const Scarcity scarcity(probe.fd() + 1);
        turn(loop);
        iterations = iterations_at_rest(loop);
        // A pause in between does not cut the rest short.
        host.listener.pause();
        host.listener.resume();
        turn(loop, 3);
        guests = host.guests.size();
        backoffs = host.listener.counters().backoffs;
        left = loop.wakes_at() - loop.now();
    }
    REQUIRE(guests == 0);
    REQUIRE(backoffs == 1);
    REQUIRE(iterations <= at_rest_max);
    REQUIRE(left <= Listener::backoff_time);
    REQUIRE(run_until(loop, [&] { return host.guests.size() == 2; }));
    REQUIRE(host.listener.counters().accepted == 2);
    REQUIRE(host.listener.counters().backoffs == 1);
}

TEST_CASE("listener: what it accepts is tuned as it is, from the first to the last",
          "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    const auto address = host.listener.listen(Address::loopback(0), SocketProfile::client);
    const auto option = [&](int level, int name) {
        int value = 0;
        socklen_t size = sizeof value;
        REQUIRE(getsockopt(host.guests.back().fd(), level, name, &value, &size) == 0);
        return value;
    };
    // Beyond those that are tuned by themselves.
    for (int i = 0; i < Ports::backlog + 2; ++i) {
        host.guests.clear();
        const Socket guest = knock(*address);
        REQUIRE(run_until(loop, [&] { return host.guests.size() == 1; }));
        if (i > 0 && i < Ports::backlog) continue;
        REQUIRE(option(IPPROTO_TCP, TCP_NODELAY) == 1);
        REQUIRE(option(SOL_SOCKET, SO_KEEPALIVE) == 1);
        REQUIRE(option(IPPROTO_TCP, TCP_KEEPIDLE) == 60);
        REQUIRE(option(IPPROTO_TCP, TCP_KEEPINTVL) == 15);
        REQUIRE(option(IPPROTO_TCP, TCP_KEEPCNT) == 4);
        REQUIRE(option(IPPROTO_TCP, TCP_USER_TIMEOUT) == 90'000);
        REQUIRE(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 64 << 10);
    }
}

TEST_CASE("sys: the limit on descriptors is raised as far as it may be", "[reactor][sys]") {
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    REQUIRE(sys::raise_descriptor_limit(1) == before.rlim_cur);
    const Scarcity scarcity(64);
    const auto raised = sys::raise_descriptor_limit(128);
    REQUIRE(raised == 128U);
}

}  // namespace
}  // namespace reactor
