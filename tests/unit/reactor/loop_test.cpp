#include "reactor/loop.hpp"

#include "tests/unit/reactor/watcher.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace reactor::loop_test {

namespace {

using namespace test;
using std::chrono::milliseconds;

// Appends its number when it runs.
struct Step {
    Step(Loop& loop, Phase phase, std::vector<int>& trace, int value)
        : steps(trace), number(value), task(loop, phase, Delegate<void()>::to<&Step::run>(*this)) {}
    void run() {
        steps.push_back(number);
        if (action) action();
    }
    std::vector<int>& steps;
    int number;
    std::function<void()> action;
    Task task;
};

TEST_CASE("loop: says what a descriptor is ready for", "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = local_pair();
    Watcher watcher;
    watcher.start(loop, pair.ours.fd(), Interest::both);
    loop.run_once();
    REQUIRE(watcher.ready.writable);
    REQUIRE_FALSE(watcher.ready.readable);
    watcher.watch.want(Interest::read);
    turn(loop);
    REQUIRE(watcher.calls == 1);
    say(pair.theirs, "x");
    loop.run_once();
    REQUIRE(watcher.ready.readable);
    REQUIRE_FALSE(watcher.ready.writable);
    watcher.watch.want(Interest::none);
    turn(loop, 3);
    REQUIRE(watcher.calls == 2);
    watcher.watch.want(Interest::read);
    loop.run_once();
    REQUIRE(watcher.calls == 3);
}

TEST_CASE("loop: no event reaches a watch stopped in the same batch", "[reactor][loop]") {
    OpenLoop loop;
    Pair first = local_pair();
    Pair second = local_pair();
    Watcher one;
    Watcher two;
    one.start(loop, first.ours.fd(), Interest::read);
    two.start(loop, second.ours.fd(), Interest::read);
    one.action = [&] { two.watch.stop(); };
    two.action = [&] { one.watch.stop(); };
    say(first.theirs, "x");
    say(second.theirs, "x");
    turn(loop, 3);
    REQUIRE((one.calls == 0) != (two.calls == 0));
}

TEST_CASE("loop: a stale event does not hit the newcomer on a reused descriptor",
          "[reactor][loop]") {
    OpenLoop loop;
    Pair first = local_pair();
    Pair second = local_pair();
    Pair quiet = local_pair();
    Watcher one;
    Watcher two;
    Watcher newcomer;
    Socket reused;
    // Whoever is called first closes the other and takes its number for a silent descriptor.
    const auto replace = [&](Watcher& other, Socket& socket) {
        const int number = socket.fd();
        other.watch.stop();
        socket.close();
        reused = Socket(dup(quiet.ours.fd()));
        REQUIRE(reused.fd() == number);
        newcomer.start(loop, number, Interest::read);
    };
    one.start(loop, first.ours.fd(), Interest::read);
    two.start(loop, second.ours.fd(), Interest::read);
    one.action = [&] {
        if (two.watch.active()) replace(two, second.ours);
        one.watch.want(Interest::none);
    };
    two.action = [&] {
        if (one.watch.active()) replace(one, first.ours);
        two.watch.want(Interest::none);
    };
    say(first.theirs, "x");
    say(second.theirs, "x");
    turn(loop, 3);
    REQUIRE(one.calls + two.calls == 1);
    REQUIRE(newcomer.calls == 0);
    say(quiet.theirs, "y");
    turn(loop);
    REQUIRE(newcomer.calls == 1);
    newcomer.watch.stop();
}

TEST_CASE("loop: a stopped watch stays silent though a copy of its descriptor lives on",
          "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = local_pair();
    Socket copy(dup(pair.ours.fd()));
    Watcher watcher;
    watcher.start(loop, pair.ours.fd(), Interest::read);
    watcher.watch.stop();
    watcher.watch.stop();
    pair.ours.close();
    say(pair.theirs, "x");
    turn(loop, 2);
    REQUIRE(watcher.calls == 0);
    REQUIRE(iterations_at_rest(loop) <= at_rest_max);
}

TEST_CASE("loop: a handler may stop its own watch and start it anew", "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = local_pair();
    Watcher watcher;
    watcher.action = [&] {
        watcher.watch.stop();
        watcher.start(loop, pair.ours.fd(), Interest::read);
    };
    watcher.start(loop, pair.ours.fd(), Interest::read);
    say(pair.theirs, "x");
    turn(loop, 3);
    REQUIRE(watcher.calls == 3);
}

TEST_CASE("loop: a hang-up of a paused watch is reported once", "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = tcp_pair();
    Watcher watcher;
    watcher.start(loop, pair.ours.fd(), Interest::none);
    slam(pair.theirs);
    turn(loop, 3);
    REQUIRE(watcher.calls == 1);
    REQUIRE(watcher.ready.hangup);
    REQUIRE(iterations_at_rest(loop) <= at_rest_max);
    // To want nothing of it once more does not bring the report back.
    watcher.watch.want(Interest::none);
    turn(loop, 3);
    REQUIRE(watcher.calls == 1);
    watcher.watch.want(Interest::read);
    turn(loop);
    REQUIRE(watcher.calls == 2);
    REQUIRE(watcher.ready.hangup);
}

TEST_CASE("loop: a handler that wants nothing of a hung-up descriptor does not spin",
          "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = tcp_pair();
    Watcher watcher;
    watcher.action = [&] { watcher.watch.want(Interest::none); };
    watcher.start(loop, pair.ours.fd(), Interest::read);
    slam(pair.theirs);
    turn(loop, 5);
    REQUIRE(watcher.calls <= 2);
    REQUIRE(iterations_at_rest(loop) <= at_rest_max);
}

TEST_CASE("loop: a full loop is an answer", "[reactor][loop]") {
    OpenLoop loop({.watches = 1, .timers = 4});
    Pair pair = local_pair();
    Watcher watcher;
    watcher.start(loop, pair.ours.fd(), Interest::read);
    auto second = loop.watch(pair.theirs.fd(), Interest::read, watcher.handler());
    REQUIRE_FALSE(second);
    REQUIRE(second.error().value == ENOSPC);
    watcher.watch.stop();
    watcher.start(loop, pair.theirs.fd(), Interest::read);
}

TEST_CASE("loop: what the kernel refuses to watch costs no place", "[reactor][loop]") {
    OpenLoop loop({.watches = 1, .timers = 4});
    Pair pair = local_pair();
    Watcher watcher;
    for (int i = 0; i < 3; ++i) {
        auto refused = loop.watch(1'000'000, Interest::read, watcher.handler());
        REQUIRE(refused.error().value == EBADF);
        auto guest = loop.watch(1'000'000, Interest::read, watcher.handler(), Ownership::guest);
        REQUIRE(guest.error().value == EBADF);
    }
    watcher.start(loop, pair.ours.fd(), Interest::read);
}

TEST_CASE("loop: a watch moves without losing its place", "[reactor][loop]") {
    OpenLoop loop;
    Pair pair = local_pair();
    Watcher watcher;
    watcher.start(loop, pair.ours.fd(), Interest::read);
    Watch moved(std::move(watcher.watch));
    REQUIRE(moved.active());
    REQUIRE_FALSE(watcher.watch.active());
    say(pair.theirs, "x");
    turn(loop);
    REQUIRE(watcher.calls == 1);
    Watch other;
    other = std::move(moved);
    other.stop();
    turn(loop);
    REQUIRE(watcher.calls == 1);
}

TEST_CASE("loop: the phases of an iteration come in order", "[reactor][loop]") {
    OpenLoop loop;
    std::vector<int> steps;
    Step work(loop, Phase::work, steps, 3);
    Step flush(loop, Phase::flush, steps, 4);
    Step reclaim(loop, Phase::reclaim, steps, 5);
    Step expired(loop, Phase::work, steps, 2);
    Timer timer(loop, Delegate<void()>::to<&Step::run>(expired));
    timer.start(Duration::zero());
    Pair pair = local_pair();
    Watcher watcher;
    watcher.action = [&] {
        steps.push_back(1);
        reclaim.task.post();
        flush.task.post();
        work.task.post();
        work.task.post();
    };
    watcher.start(loop, pair.ours.fd(), Interest::read);
    say(pair.theirs, "x");
    loop.run_once();
    REQUIRE(steps == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("loop: work posted in its own phase waits for the next iteration", "[reactor][loop]") {
    OpenLoop loop;
    std::vector<int> steps;
    Step work(loop, Phase::work, steps, 1);
    Step other(loop, Phase::work, steps, 2);
    Step flush(loop, Phase::flush, steps, 3);
    Step reclaim(loop, Phase::reclaim, steps, 4);
    work.action = [&] {
        work.task.post();
        other.task.post();
        flush.task.post();
    };
    flush.action = [&] { reclaim.task.post(); };
    work.task.post();
    loop.run_once();
    REQUIRE(steps == std::vector{1, 3, 4});
    steps.clear();
    loop.run_once();
    REQUIRE(steps == std::vector{1, 2, 3, 4});
}

TEST_CASE("loop: work posted in the last phase does not wait for the kernel", "[reactor][loop]") {
    OpenLoop loop;
    std::vector<int> steps;
    Step work(loop, Phase::work, steps, 1);
    Step reclaim(loop, Phase::reclaim, steps, 2);
    reclaim.action = [&] { work.task.post(); };
    reclaim.task.post();
    loop.run_once();
    REQUIRE(loop.wakes_at() == loop.now());
    loop.run_once();  // Would block for ever.
    REQUIRE(steps == std::vector{2, 1});
}

TEST_CASE("loop: a task cancels another of its phase, and itself dies unrun", "[reactor][loop]") {
    OpenLoop loop;
    std::vector<int> steps;
    Step first(loop, Phase::work, steps, 1);
    auto second = std::make_unique<Step>(loop, Phase::work, steps, 2);
    Step third(loop, Phase::work, steps, 3);
    first.action = [&] {
        second.reset();
        third.task.cancel();
        third.task.cancel();
    };
    first.task.post();
    second->task.post();
    third.task.post();
    turn(loop);
    REQUIRE(steps == std::vector{1});
}

TEST_CASE("loop: wakes at the next timer, or never", "[reactor][loop]") {
    OpenLoop loop;
    REQUIRE(loop.wakes_at() == Instant::max());
    Nothing nothing;
    Timer late(loop, nothing.delegate());
    Timer soon(loop, nothing.delegate());
    late.start(milliseconds(500));
    soon.start(milliseconds(3));
    REQUIRE(loop.wakes_at() == soon.due());
    Task task(loop, Phase::flush, nothing.delegate());
    task.post();
    REQUIRE(loop.wakes_at() == loop.now());
    task.cancel();
    REQUIRE(run_until(loop, [&] { return nothing.happened; }));
    REQUIRE(loop.wakes_at() == late.due());
}

TEST_CASE("loop: runs until it is stopped", "[reactor][loop]") {
    OpenLoop loop;
    int runs = 0;
    std::vector<int> steps;
    Step work(loop, Phase::work, steps, 0);
    work.action = [&] {
        if (++runs == 5) loop.stop();
        work.task.post();
    };
    work.task.post();
    loop.run();
    REQUIRE(runs == 5);
    loop.run_once();
    REQUIRE(runs == 6);
}

TEST_CASE("loop: a spinning loop does not wait for the kernel", "[reactor][loop]") {
    Loop loop;
    REQUIRE(loop.open({}, true).has_value());
    Nothing nothing;
    Timer timer(loop, nothing.delegate());
    timer.start(std::chrono::hours(1));
    for (int i = 0; i < 100; ++i) loop.run_once();
    REQUIRE_FALSE(nothing.happened);
}

TEST_CASE("loop: more events than one batch holds all arrive, each in its turn",
          "[reactor][loop]") {
    OpenLoop loop;
    constexpr std::size_t count = std::size_t{3} * Loop::events_max;
    std::vector<Pair> pairs;
    std::vector<Watcher> watchers(count);
    for (std::size_t i = 0; i < count; ++i) {
        pairs.push_back(local_pair());
        watchers[i].start(loop, pairs[i].ours.fd(), Interest::read);
        say(pairs[i].theirs, "x");
    }
    turn(loop, 3);
    for (const auto& watcher : watchers) REQUIRE(watcher.calls == 1);
    for (auto& watcher : watchers) watcher.watch.stop();
}

}  // namespace

}  // namespace reactor::loop_test
