#include "reactor/listener.hpp"

#include "tests/unit/reactor/sockets.hpp"

#include <functional>
#include <vector>

namespace reactor::listener_test {

namespace {

using namespace test;

struct Host {
    explicit Host(Loop& loop)
        : listener(loop,
                   Delegate<void(Socket)>::to<&Host::welcome>(*this),
                   Delegate<bool()>::to<&Host::has_room>(*this)) {}
    bool has_room() const { return guests.size() < room; }
    void welcome(Socket socket) {
        guests.push_back(std::move(socket));
        if (action) action();
    }
    std::vector<Socket> guests;
    std::size_t room = SIZE_MAX;
    std::function<void()> action;
    Listener listener;
};

TEST_CASE("listener: port 0 takes a free port and says which", "[reactor][listener]") {
    OpenLoop loop;
    Host one(loop);
    Host two(loop);
    const auto first = one.listener.listen(Address::loopback(0), SocketProfile::client);
    const auto second = two.listener.listen(Address::loopback(0), SocketProfile::client);
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    REQUIRE(first->port != 0);
    REQUIRE(first->port != second->port);
    const Socket guest = knock(*first);
    REQUIRE(run_until(loop, [&] { return one.guests.size() == 1; }));
    REQUIRE(two.guests.empty());
    REQUIRE(one.listener.counters().accepted == 1);
}

TEST_CASE("listener: a port in use is an error", "[reactor][listener]") {
    OpenLoop loop;
    Host one(loop);
    Host two(loop);
    const auto address = one.listener.listen(Address::loopback(0), SocketProfile::client);
    REQUIRE(two.listener.listen(*address, SocketProfile::client).error().value == EADDRINUSE);
    one.listener.close();
    REQUIRE(two.listener.listen(*address, SocketProfile::client).has_value());
}

TEST_CASE("listener: a port is free again though its connections linger", "[reactor][listener]") {
    OpenLoop loop;
    Host one(loop);
    const auto address = one.listener.listen(Address::loopback(0), SocketProfile::client);
    Socket guest = knock(*address);
    REQUIRE(run_until(loop, [&] { return one.guests.size() == 1; }));
    one.guests.clear();  // Closed by us first: TIME_WAIT is ours.
    REQUIRE(run_until(loop, [&] { return hears_end(guest); }));
    guest.close();
    one.listener.close();
    Host two(loop);
    REQUIRE(two.listener.listen(*address, SocketProfile::client).has_value());
}

TEST_CASE("listener: one wake accepts a bounded number", "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    const auto address = host.listener.listen(Address::loopback(0), SocketProfile::client);
    std::vector<Socket> guests;
    guests.reserve(Listener::accepts_max + 3);
    for (int i = 0; i < Listener::accepts_max + 3; ++i) guests.push_back(knock(*address));
    loop.run_once();
    REQUIRE(host.guests.size() == Listener::accepts_max);
    loop.run_once();
    REQUIRE(host.guests.size() == Listener::accepts_max + 3);
    REQUIRE(iterations_at_rest(loop) <= at_rest_max);
}

TEST_CASE("listener: who finds no room waits, and is let in when there is some",
          "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    host.room = 2;
    const auto address = host.listener.listen(Address::loopback(0), SocketProfile::client);
    std::vector<Socket> guests;
    guests.reserve(3);
    for (int i = 0; i < 3; ++i) guests.push_back(knock(*address));
    turn(loop, 3);
    CHECK(host.guests.size() == 2);
    CHECK(iterations_at_rest(loop) <= at_rest_max);
    host.room = 3;
    CHECK(run_until(loop, [&] { return host.guests.size() == 3; }));
}

TEST_CASE("listener: paused, it lets connections wait", "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    const auto address = host.listener.listen(Address::loopback(0), SocketProfile::client);
    host.action = [&] {
        if (host.guests.size() == 2) host.listener.pause();
    };
    std::vector<Socket> guests;
    guests.reserve(5);
    for (int i = 0; i < 5; ++i) guests.push_back(knock(*address));
    turn(loop, 3);
    REQUIRE(host.guests.size() == 2);
    REQUIRE(host.listener.paused());
    REQUIRE(iterations_at_rest(loop) <= at_rest_max);
    host.listener.resume();
    REQUIRE(host.guests.size() == 2);
    turn(loop);
    REQUIRE(host.guests.size() == 5);
}

TEST_CASE("listener: may be closed while it hands on a connection", "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    const auto address = host.listener.listen(Address::loopback(0), SocketProfile::client);
    host.action = [&] { host.listener.close(); };
    std::vector<Socket> guests;
    guests.reserve(3);
    for (int i = 0; i < 3; ++i) guests.push_back(knock(*address));
    turn(loop, 3);
    REQUIRE(host.guests.size() == 1);
    host.listener.pause();
    host.listener.resume();
    host.listener.close();
    turn(loop);
}

TEST_CASE("listener: speaks IPv6 too", "[reactor][listener]") {
    OpenLoop loop;
    Host host(loop);
    const auto address =
        host.listener.listen(Address::parse("::1", 0).value(), SocketProfile::client);
    if (!address) {
        WARN("this machine has no IPv6");
        return;
    }
    REQUIRE(address->v6);
    Socket guest(sys::open_socket(true).value());
    static_cast<void>(sys::connect(guest.fd(), *address));
    REQUIRE(run_until(loop, [&] { return host.guests.size() == 1; }));
    REQUIRE(sys::peer_address(host.guests[0].fd()) == sys::local_address(guest.fd()));
}

}  // namespace

}  // namespace reactor::listener_test
