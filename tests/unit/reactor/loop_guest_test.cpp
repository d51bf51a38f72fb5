#include "reactor/loop.hpp"
#include "tests/unit/reactor/watcher.hpp"

#include <vector>

namespace reactor::loop_guest_test {

namespace {

using namespace test;

TEST_CASE("loop: a guest's descriptor may be closed behind our back", "[reactor][loop]") {
    OpenLoop loop;
    Watcher watcher;
    Pair pair = local_pair();
    watcher.start(loop, pair.ours.fd(), Interest::read, Ownership::guest);
    pair.ours.close();
    watcher.watch.want(Interest::both);
    watcher.watch.want(Interest::read);
    watcher.watch.stop();
    turn(loop);
    REQUIRE(watcher.calls == 0);
}

TEST_CASE("loop: a guest's number, closed and opened anew, is watched again", "[reactor][loop]") {
    OpenLoop loop;
    Watcher watcher;
    Pair old = local_pair();
    Pair young = local_pair();
    watcher.start(loop, old.ours.fd(), Interest::read, Ownership::guest);
    REQUIRE(dup2(young.ours.fd(), old.ours.fd()) == old.ours.fd());
    watcher.watch.want(Interest::both);  // The kernel knows nothing of it: ENOENT.
    watcher.watch.want(Interest::read);
    say(young.theirs, "x");
    turn(loop);
    REQUIRE(watcher.calls == 1);
    REQUIRE(watcher.ready.readable);
}

TEST_CASE("loop: a guest takes over a registration that is there already", "[reactor][loop]") {
    OpenLoop loop;
    Watcher left;
    Watcher watcher;
    Pair pair = local_pair();
    left.start(loop, pair.ours.fd(), Interest::read);
    watcher.start(loop, pair.ours.fd(), Interest::read, Ownership::guest);  // EEXIST
    say(pair.theirs, "x");
    turn(loop);
    REQUIRE(watcher.calls == 1);
    REQUIRE(left.calls == 0);
    left.watch.stop();
    watcher.watch.stop();
}

TEST_CASE("loop: what a guest says of a number that is ours by now is void", "[reactor][loop]") {
    OpenLoop loop;
    Watcher guest;
    Watcher ours;
    Pair old = local_pair();
    Pair young = local_pair();
    const int number = old.ours.fd();
    guest.start(loop, number, Interest::read, Ownership::guest);
    old.ours.close();
    Socket newcomer(dup(young.ours.fd()));
    REQUIRE(newcomer.fd() == number);
    ours.start(loop, number, Interest::read);
    guest.watch.want(Interest::write);
    guest.watch.want(Interest::none);
    guest.watch.stop();
    say(young.theirs, "x");
    turn(loop);
    REQUIRE(ours.calls == 1);
    REQUIRE(ours.ready.readable);
    REQUIRE(guest.calls == 0);
    ours.watch.stop();
}

TEST_CASE("loop: a guest's late word before we watch the number does no harm", "[reactor][loop]") {
    OpenLoop loop;
    Watcher guest;
    Watcher ours;
    Pair old = local_pair();
    Pair young = local_pair();
    const int number = old.ours.fd();
    guest.start(loop, number, Interest::read, Ownership::guest);
    old.ours.close();
    Socket newcomer(dup(young.ours.fd()));
    REQUIRE(newcomer.fd() == number);
    guest.watch.want(Interest::both);  // Registers a descriptor that is not the guest's.
    ours.start(loop, number, Interest::read);
    say(young.theirs, "x");
    turn(loop);
    REQUIRE(ours.calls == 1);
    REQUIRE(guest.calls == 0);
    guest.watch.stop();
    turn(loop);
    REQUIRE(ours.calls == 2);
    ours.watch.stop();
}

TEST_CASE("loop: a guest hears nothing of the old number in the batch that voids it",
          "[reactor][loop]") {
    OpenLoop loop;
    Watcher guest;
    Watcher opener;
    Watcher ours;
    Pair old = local_pair();
    Pair young = local_pair();
    Pair first = local_pair();
    Socket newcomer;
    guest.start(loop, old.ours.fd(), Interest::read, Ownership::guest);
    opener.start(loop, first.ours.fd(), Interest::read);
    opener.action = [&] {
        opener.watch.stop();
        old.ours.close();
        newcomer = Socket(dup(young.ours.fd()));
        ours.start(loop, newcomer.fd(), Interest::read);
    };
    say(first.theirs, "x");
    say(old.theirs, "x");
    turn(loop, 2);
    REQUIRE(guest.calls == 0);
    REQUIRE(ours.calls == 0);
    guest.watch.stop();
    ours.watch.stop();
}

TEST_CASE("loop: guests are bounded in number, and stopped ones do not count", "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = local_pair();
    Watcher watcher;
    std::vector<Socket> sockets;
    std::vector<Watch> watches;
    for (std::uint32_t i = 0; i < Loop::guests_max; ++i) {
        sockets.emplace_back(dup(pair.ours.fd()));
        auto watch =
            loop.watch(sockets.back().fd(), Interest::none, watcher.handler(), Ownership::guest);
        REQUIRE(watch);
        watches.push_back(std::move(*watch));
    }
    auto full = loop.watch(pair.ours.fd(), Interest::none, watcher.handler(), Ownership::guest);
    REQUIRE(full.error().value == ENOSPC);
    watches[7].stop();
    REQUIRE(loop.watch(pair.ours.fd(), Interest::none, watcher.handler(), Ownership::guest));
}

}  // namespace

}  // namespace reactor::loop_guest_test
