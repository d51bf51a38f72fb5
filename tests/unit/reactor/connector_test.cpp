#include "reactor/connector.hpp"

#include "tests/unit/reactor/sockets.hpp"

#include <functional>
#include <set>
#include <vector>

namespace reactor::connector_test {

namespace {

using namespace test;
using std::chrono::microseconds;
using std::chrono::milliseconds;

struct Dialler {
    Dialler(Loop& used, const Connector::Pace& pace)
        : loop(used),
          connector(used, pace, Delegate<void(Socket)>::to<&Dialler::on_connected>(*this)) {}
    void on_connected(Socket connected) {
        socket = std::move(connected);
        if (action) action();
    }
    // The time from a failed try to the next.
    Duration pause() {
        REQUIRE(run_until(loop, [&] { return !connector.dialling(); }));
        const Instant from = loop.now();
        const auto attempts = connector.attempts();
        REQUIRE(run_until(loop, [&] { return connector.attempts() > attempts; }));
        return loop.now() - from;
    }
    Loop& loop;
    Socket socket;
    std::function<void()> action;
    Connector connector;
};

TEST_CASE("connector: hands on a socket that is connected", "[reactor][connector]") {
    OpenLoop loop;
    const Door door = open_door();
    Dialler dialler(loop, {});
    dialler.connector.aim(door.address);
    dialler.connector.dial();
    REQUIRE_FALSE(dialler.socket.open());  // Never from inside the call.
    REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
    REQUIRE_FALSE(dialler.connector.dialling());
    REQUIRE(sys::peer_address(dialler.socket.fd()) == door.address);
    const Socket peer(sys::accept(door.socket.fd()).value());
    say(dialler.socket, "hello");
    REQUIRE(hear(peer) == "hello");
    REQUIRE(loop.wakes_at() == Instant::max());  // No timer is left.
}

TEST_CASE("connector: refused is not connected, and is tried again later", "[reactor][connector]") {
    OpenLoop loop;
    Dialler dialler(loop, {.pause_min = milliseconds(1), .pause_max = milliseconds(2)});
    dialler.connector.aim(closed_door());
    dialler.connector.dial();
    REQUIRE(run_until(loop, [&] { return dialler.connector.attempts() == 4; }));
    REQUIRE_FALSE(dialler.socket.open());
    REQUIRE(dialler.connector.last_error().value == ECONNREFUSED);
    const Door door = open_door();
    dialler.connector.aim(door.address);
    REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
}

TEST_CASE("connector: leaves from an address that it is told to", "[reactor][connector]") {
    OpenLoop loop;
    const Door door = open_door();
    Address own = Address::loopback(0);
    own.bytes[3] = 9;
    for (int i = 0; i < 2; ++i) {
        Dialler dialler(loop, {});
        dialler.connector.aim(door.address);
        dialler.connector.leave_from(own);
        dialler.connector.dial();
        REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
        const Socket peer(sys::accept(door.socket.fd()).value());
        Address from = sys::peer_address(peer.fd()).value();
        REQUIRE(from == sys::local_address(dialler.socket.fd()).value());
        REQUIRE(from.port != 0);
        from.port = 0;
        REQUIRE(from == own);
    }
}

TEST_CASE("connector: asks before each try whom to dial", "[reactor][connector]") {
    struct Chooser {
        Address choose() { return ++asked < 3 ? closed : open; }
        Address closed, open;
        int asked = 0;
    };
    OpenLoop loop;
    const Door door = open_door();
    Chooser chooser{.closed = closed_door(), .open = door.address};
    Dialler dialler(loop, {.pause_min = milliseconds(1), .pause_max = milliseconds(2)});
    dialler.connector.aim_by(Delegate<Address()>::to<&Chooser::choose>(chooser));
    dialler.connector.dial();
    REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
    REQUIRE(sys::peer_address(dialler.socket.fd()) == door.address);
    REQUIRE(chooser.asked == 3);
    REQUIRE(dialler.connector.attempts() == 3);
}

TEST_CASE("connector: the pauses double up to a limit, with half of each at random",
          "[reactor][connector]") {
    OpenLoop loop;
    Dialler dialler(loop, {.pause_min = microseconds(2000), .pause_max = microseconds(9000)});
    dialler.connector.aim(closed_door());
    // How long a pause may last at least, by the number of failures before it. A busy machine may
    // make it longer.
    dialler.connector.dial();
    for (const int least : {1000, 2000, 4000, 4500, 4500}) {
        REQUIRE(dialler.pause() >= microseconds(least) - microseconds(100));
    }
    // The other bound, by the timer itself.
    Dialler other(loop, {.pause_min = milliseconds(2000), .pause_max = milliseconds(9000)});
    dialler.connector.cancel();
    std::vector<Duration> firsts;
    for (int round = 0; round < 20; ++round) {
        other.connector.settle();
        for (const int longest : {2000, 4000, 8000, 9000, 9000}) {
            other.connector.dial_later();
            const Duration pause = loop.wakes_at() - loop.now();
            REQUIRE(pause >= milliseconds(longest) / 2);
            REQUIRE(pause <= milliseconds(longest));
            if (longest == 2000) firsts.push_back(pause);
        }
    }
    REQUIRE(std::set<Duration>(firsts.begin(), firsts.end()).size() > 10);
}

TEST_CASE("connector: a connection alone does not make the next pause short, settling does",
          "[reactor][connector]") {
    OpenLoop loop;
    const Door door = open_door();
    Dialler dialler(loop, {.pause_min = milliseconds(1000), .pause_max = milliseconds(64000)});
    dialler.connector.aim(door.address);
    for (int i = 0; i < 5; ++i) {
        dialler.connector.dial();
        REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
        dialler.socket.close();
        dialler.connector.dial_later();
    }
    REQUIRE(loop.wakes_at() - loop.now() >= milliseconds(8000));
    dialler.connector.settle();
    dialler.connector.dial_later();
    REQUIRE(loop.wakes_at() - loop.now() <= milliseconds(1000));
}

TEST_CASE("connector: many failures do not overflow the pause", "[reactor][connector]") {
    OpenLoop loop;
    Dialler dialler(loop, {});
    for (int i = 0; i < 100; ++i) dialler.connector.dial_later();
    const Duration pause = loop.wakes_at() - loop.now();
    REQUIRE(pause >= milliseconds(2500));
    REQUIRE(pause <= milliseconds(5000));
}

TEST_CASE("connector: a try that never ends is ended", "[reactor][connector]") {
    OpenLoop loop;
    // A full backlog lets further connections hang.
    const Door door = open_door(0);
    std::vector<Socket> crowd;
    crowd.reserve(4);
    for (int i = 0; i < 4; ++i) crowd.push_back(knock(door.address));
    Dialler dialler(loop, {.pause_min = milliseconds(1000), .dial_max = milliseconds(5)});
    dialler.connector.aim(door.address);
    dialler.connector.dial();
    REQUIRE(dialler.connector.dialling());
    REQUIRE(run_until(loop, [&] { return !dialler.connector.dialling(); }));
    REQUIRE(dialler.connector.last_error().value == ETIMEDOUT);
    REQUIRE_FALSE(dialler.socket.open());
    REQUIRE(loop.wakes_at() > loop.now());
}

TEST_CASE("connector: cancelled, it does nothing more", "[reactor][connector]") {
    OpenLoop loop;
    const Door door = open_door();
    Dialler dialler(loop, {});
    dialler.connector.aim(door.address);
    dialler.connector.dial();
    dialler.connector.cancel();
    dialler.connector.cancel();
    dialler.connector.dial_later();
    dialler.connector.cancel();
    REQUIRE(loop.wakes_at() == Instant::max());
    turn(loop, 3);
    REQUIRE_FALSE(dialler.socket.open());
    dialler.connector.dial();
    dialler.connector.dial();  // Begins anew, with one socket.
    REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
    REQUIRE(dialler.connector.attempts() == 3);
}

TEST_CASE("connector: may be told to dial again by whoever got the socket",
          "[reactor][connector]") {
    OpenLoop loop;
    const Door door = open_door();
    Dialler dialler(loop, {});
    int connections = 0;
    dialler.action = [&] {
        if (++connections < 3) dialler.connector.dial();
    };
    dialler.connector.aim(door.address);
    dialler.connector.dial();
    REQUIRE(run_until(loop, [&] { return connections == 3; }));
    REQUIRE_FALSE(dialler.connector.dialling());
}

TEST_CASE("connector: a full loop is a failed try", "[reactor][connector]") {
    OpenLoop loop({.watches = 1, .timers = 4});
    Pair pair = local_pair();
    Nothing nothing;
    auto watch = loop.watch(
        pair.ours.fd(), Interest::none, Delegate<void(Ready)>::to<&Nothing::hear>(nothing));
    const Door door = open_door();
    Dialler dialler(loop, {.pause_min = milliseconds(1), .pause_max = milliseconds(1)});
    dialler.connector.aim(door.address);
    dialler.connector.dial();
    REQUIRE(dialler.connector.last_error().value == ENOSPC);
    REQUIRE_FALSE(dialler.connector.dialling());
    (*watch).stop();
    REQUIRE(run_until(loop, [&] { return dialler.socket.open(); }));
}

}  // namespace

}  // namespace reactor::connector_test
