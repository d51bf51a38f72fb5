#include "herd/log.hpp"
#include "reactor/loop.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>

namespace log_hang_test {

namespace {

using herd::Level;
using herd::Log;
using sim::FakeLog;
constexpr std::int64_t second_ns = 1'000'000'000;

// A log whose disk or reader is the fake kernel's, and a loop that turns when there is something.
struct Hanging {
    Hanging() {
        REQUIRE(loop.open({}).has_value());
        REQUIRE(log.open("log", true, counters).has_value());
        kernel.enter(0);
    }
    void say() {
        log.event(Level::debug, "in").field("n", said++);
        loop.run_once();
    }
    void wait(std::int64_t duration_ns) {
        const std::int64_t until = kernel.now_ns() + duration_ns;
        while (kernel.now_ns() < until) {
            while (kernel.ready(0) || loop.wakes_at() <= loop.now()) loop.run_once();
            kernel.advance_to(std::min(until, kernel.now_ns() + second_ns / 10));
            loop.run_once();
        }
    }

    sim::FakeKernel kernel{1};
    reactor::Loop loop;
    herd::watch::Counters counters;
    Log log{loop};
    FakeLog& disk = kernel.log_of(0);
    std::uint64_t said = 0;
};

}  // namespace

TEST_CASE("log: what a disk that hangs for a while does not take is counted, and nothing else lost",
          "[herd][log]") {
    Hanging hanging;
    hanging.disk.write_ns = 10 * second_ns;
    while (hanging.counters.log_lines_lost < 1000) hanging.say();
    hanging.disk.write_ns = 20'000;
    hanging.wait(11 * second_ns);
    hanging.say();
    hanging.wait(second_ns);
    CHECK(hanging.counters.log_lines_lost == 1000);
    CHECK_FALSE(hanging.disk.torn());
    // Those that were taken, and the one that says how many were not.
    CHECK(hanging.disk.lines() == hanging.said - 1000 + 1);
}

TEST_CASE("log: a disk that hangs for good keeps nobody, at the end neither", "[herd][log]") {
    Hanging hanging;
    hanging.disk.write_ns = FakeLog::never;
    while (hanging.counters.log_lines_lost < 1000) hanging.say();
    hanging.log.settle(std::chrono::hours(1));
    CHECK(hanging.disk.lines() == 1);
}

TEST_CASE("log: a write that fails in a line's middle goes on there", "[herd][log]") {
    Hanging hanging;
    hanging.disk.error = ENOSPC;
    hanging.disk.write_max = 17;
    for (int i = 0; i < 20; ++i) hanging.say();
    hanging.wait(5 * second_ns);
    CHECK(hanging.disk.lines() <= 1);
    hanging.disk.error = 0;
    hanging.wait(2 * second_ns);
    CHECK(hanging.disk.lines() == 20);
    CHECK_FALSE(hanging.disk.torn());
    CHECK(hanging.counters.log_lines_lost == 0);
}

TEST_CASE("log: a server whose log hangs answers, and ends", "[herd][log]") {
    using namespace herd::small_world;
    auto config = herd_of_two();
    config.log.wire = true;
    World world(config);
    world.kernel.log_of(0).write_ns = FakeLog::never;
    const int client = world.connect();
    std::string reports;
    for (int i = 0; i < 50; ++i) reports += "IAMAT c +1-1 5\n";
    while (world.a().counters().log_lines_lost == 0) {
        world.say(client, reports);
        const std::string answers = world.hear(client);
        REQUIRE(std::ranges::count(answers, '\n') == 50);
    }
    world.say(client, "IAMAT c +1-1 6\n");
    CHECK(world.hear(client).starts_with("AT A "));
    world.kernel.enter(visitors);
    world.kernel.close(client);
    world.run(1ms);
    CHECK(world.shut_down() <= 20ms);
}

}  // namespace log_hang_test
