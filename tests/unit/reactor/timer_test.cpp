#include "reactor/timer.hpp"

#include "tests/unit/reactor/sockets.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace reactor::timer_test {

namespace {

using namespace test;
using std::chrono::microseconds;
using std::chrono::milliseconds;

Instant clock_now() {
    return Instant(Duration(sys::monotonic_ns()));
}

struct Alarm {
    explicit Alarm(Loop& loop) : timer(loop, Delegate<void()>::to<&Alarm::ring>(*this)) {}
    void ring() {
        ++rings;
        if (action) action();
    }
    int rings = 0;
    std::function<void()> action;
    Timer timer;
};

TEST_CASE("timer: rings once, and never early", "[reactor][timer]") {
    OpenLoop loop;
    Alarm alarm(loop);
    for (int i = 0; i < 20; ++i) {
        alarm.timer.start(microseconds(i * 150));
        const Instant due = alarm.timer.due();
        REQUIRE(alarm.timer.pending());
        REQUIRE(run_until(loop, [&] { return alarm.rings == i + 1; }));
        REQUIRE(clock_now() >= due);
        REQUIRE(loop.now() >= due);
        REQUIRE_FALSE(alarm.timer.pending());
    }
    turn(loop, 3);
    REQUIRE(alarm.rings == 20);
}

TEST_CASE("timer: the wait for it does not spin", "[reactor][timer]") {
    OpenLoop loop;
    Alarm alarm(loop);
    int turns = 0;
    alarm.timer.start(microseconds(2500));
    for (; alarm.rings == 0; ++turns) loop.run_once();
    REQUIRE(turns <= 2);
}

TEST_CASE("timer: those due ring in the order of their times", "[reactor][timer]") {
    OpenLoop loop;
    std::vector<int> order;
    std::vector<std::unique_ptr<Alarm>> alarms;
    const Instant start = loop.now();
    for (const int delay : {5, 1, 4, 2, 3, 0}) {
        alarms.push_back(std::make_unique<Alarm>(loop));
        alarms.back()->action = [&order, delay] { order.push_back(delay); };
        alarms.back()->timer.start_at(start + microseconds(delay));
    }
    REQUIRE(run_until(loop, [&] { return order.size() == 6; }));
    REQUIRE(order == std::vector{0, 1, 2, 3, 4, 5});
}

TEST_CASE("timer: cancelled in a callback of the same phase, it does not ring",
          "[reactor][timer]") {
    OpenLoop loop;
    Alarm first(loop);
    Alarm second(loop);
    auto third = std::make_unique<Alarm>(loop);
    first.action = [&] {
        REQUIRE(second.timer.pending());
        second.timer.cancel();
        second.timer.cancel();
        third.reset();
    };
    first.timer.start_at(loop.now() - milliseconds(3));
    second.timer.start_at(loop.now() - milliseconds(2));
    third->timer.start_at(loop.now() - milliseconds(1));
    turn(loop, 3);
    REQUIRE(first.rings == 1);
    REQUIRE(second.rings == 0);
    REQUIRE_FALSE(second.timer.pending());
}

TEST_CASE("timer: started in the timer phase, it waits for the next iteration",
          "[reactor][timer]") {
    OpenLoop loop;
    Alarm alarm(loop);
    Alarm other(loop);
    alarm.action = [&] {
        alarm.timer.start(Duration::zero());
        other.timer.start_at(Instant());  // Long overdue.
    };
    alarm.timer.start(Duration::zero());
    loop.run_once();
    REQUIRE(alarm.rings == 1);
    REQUIRE(other.rings == 0);
    loop.run_once();
    REQUIRE(alarm.rings == 2);
    REQUIRE(other.rings == 1);
}

TEST_CASE("timer: restarted by another in the phase it was due in, it rings anew only",
          "[reactor][timer]") {
    OpenLoop loop;
    Alarm first(loop);
    Alarm second(loop);
    first.action = [&] { second.timer.start(milliseconds(1)); };
    first.timer.start_at(loop.now() - milliseconds(2));
    second.timer.start_at(loop.now() - milliseconds(1));
    turn(loop);
    REQUIRE(second.rings == 0);
    REQUIRE(second.timer.pending());
    REQUIRE(run_until(loop, [&] { return second.rings == 1; }));
    REQUIRE(first.rings == 1);
}

TEST_CASE("timer: starting a pending one moves it, earlier or later", "[reactor][timer]") {
    OpenLoop loop;
    Alarm alarm(loop);
    alarm.timer.start(std::chrono::hours(1));
    alarm.timer.start(Duration::zero());
    turn(loop);
    REQUIRE(alarm.rings == 1);
    alarm.timer.start(Duration::zero());
    alarm.timer.start(std::chrono::hours(1));
    turn(loop, 2);
    REQUIRE(alarm.rings == 1);
    REQUIRE(loop.wakes_at() == alarm.timer.due());
}

TEST_CASE("timer: periods do not drift", "[reactor][timer]") {
    OpenLoop loop;
    Alarm alarm(loop);
    const Instant start = loop.now();
    alarm.action = [&] { alarm.timer.start_at(alarm.timer.due() + microseconds(300)); };
    alarm.timer.start_at(start + microseconds(300));
    REQUIRE(run_until(loop, [&] { return alarm.rings == 30; }));
    REQUIRE(alarm.timer.due() == start + 31 * microseconds(300));
    REQUIRE(clock_now() >= start + 30 * microseconds(300));
}

TEST_CASE("timer: overdue timers that restart themselves leave the other phases their turn",
          "[reactor][timer]") {
    OpenLoop loop;
    Alarm alarm(loop);
    alarm.action = [&] { alarm.timer.start_at(Instant()); };
    alarm.timer.start_at(Instant());
    Nothing nothing;
    Task task(loop, Phase::reclaim, nothing.delegate());
    task.post();
    loop.run_once();
    REQUIRE(alarm.rings == 1);
    REQUIRE(nothing.happened);
}

TEST_CASE("timer: the heap agrees with a plain map under random operations", "[reactor][timer]") {
    std::mt19937 random(7);
    OpenLoop loop;
    constexpr std::size_t count = 60;
    std::map<std::size_t, Instant> pending;
    std::vector<std::unique_ptr<Alarm>> alarms;
    Instant last{};  // Due time of the last ring of this phase.
    int rings = 0;
    const auto start = [&](std::size_t which) {
        const Duration delay = microseconds(static_cast<int>(random() % 900) - 100);
        alarms[which]->timer.start(delay);
        pending[which] = loop.now() + delay;
    };
    for (std::size_t i = 0; i < count; ++i) {
        alarms.push_back(std::make_unique<Alarm>(loop));
        alarms[i]->action = [&, i] {
            ++rings;
            const auto found = pending.find(i);
            REQUIRE(found != pending.end());
            REQUIRE(found->second == alarms[i]->timer.due());
            REQUIRE(found->second <= loop.now());
            REQUIRE(found->second >= last);
            last = found->second;
            pending.erase(found);
            if (random() % 2 == 0) start(random() % count);
            if (random() % 3 == 0) {
                const std::size_t which = random() % count;
                alarms[which]->timer.cancel();
                pending.erase(which);
            }
        };
    }
    for (int step = 0; step < 4000; ++step) {
        const std::size_t which = random() % count;
        if (random() % 4 != 0) {
            start(which);
        } else {
            alarms[which]->timer.cancel();
            pending.erase(which);
        }
        Instant earliest = Instant::max();
        for (const auto& [index, due] : pending) earliest = std::min(earliest, due);
        REQUIRE(loop.wakes_at() == earliest);
        for (std::size_t i = 0; i < count; ++i) {
            REQUIRE(alarms[i]->timer.pending() == pending.contains(i));
        }
        last = {};
        if (step % 5 == 0) turn(loop);
    }
    last = {};
    REQUIRE(run_until(loop, [&] {
        last = {};
        return pending.empty();
    }));
    REQUIRE(rings > 100);
}

}  // namespace

}  // namespace reactor::timer_test
