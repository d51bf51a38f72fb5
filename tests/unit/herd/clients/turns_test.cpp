#include "tests/unit/herd/small_world.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace {

using namespace herd::small_world;

// Lines of every length that is refused, and what comes back.
struct Nonsense {
    explicit Nonsense(int count) {
        for (int i = 0; i < count; ++i) {
            const std::string line = i % 4 == 0 ? "\n" : std::to_string(i) + "\n";
            lines += line;
            answers += "? " + line;
        }
    }
    std::string lines;
    std::string answers;
};

TEST_CASE("turns: once an iteration has had as much as four whole ones they are short",
          "[herd][client]") {
    using herd::clients::Turns;
    Turns turns;
    reactor::Instant now{std::chrono::seconds(1)};
    for (int i = 0; i < 4; ++i) {
        CHECK(turns.begin(now, 64) == 64);
        turns.end(64);
    }
    CHECK(turns.begin(now, 64) == 16);
    turns.end(16);
    CHECK(turns.begin(now, 64) == 16);
    now += std::chrono::nanoseconds(1);
    for (int i = 0; i < 100; ++i) {  // Those who say little shorten nobody's.
        CHECK(turns.begin(now, 64) == 64);
        turns.end(2);
    }
    Turns few;
    for (int i = 0; i < 9; ++i) {
        CHECK(few.begin(now, 1) == 1);
        few.end(1);
    }
}

}  // namespace

TEST_CASE("turns: more lines than a turn's are answered in order, each once", "[herd][client]") {
    herd::config::Config config = herd_of_two();
    config.limits.lines_per_turn = 3;
    World world(config);
    const Nonsense nonsense(100);
    const int fd = world.connect();
    world.say(fd, nonsense.lines + "half");
    world.run(1ms);
    CHECK(world.hear(fd) == nonsense.answers);
    world.say(fd, " a line\n");
    CHECK(world.hear(fd) == "? half a line\n");
    world.a().check();
}

TEST_CASE("turns: they are as long as the limit is now", "[herd][client]") {
    World world;
    const int fd = world.connect();
    const auto cut = [&](std::uint32_t lines) {
        world.config.limits.lines_per_turn = lines;
        const std::uint64_t before = world.a().wire().counters().turns_cut;
        world.say(fd, Nonsense(100).lines);
        world.run(1ms);
        CHECK(world.hear(fd) == Nonsense(100).answers);
        return world.a().wire().counters().turns_cut - before;
    };
    CHECK(cut(200) == 0);
    CHECK(cut(10) >= 9);
    CHECK(cut(200) == 0);
}

TEST_CASE(
    "turns: what came before the end of a connection is answered, however many turns it takes",
    "[herd][client]") {
    herd::config::Config config = herd_of_two();
    config.limits.lines_per_turn = 3;
    for (const std::string last : {"", "last"}) {
        World world(config);
        const Nonsense nonsense(99);
        const int fd = world.connect();
        world.kernel.enter(visitors);
        REQUIRE(world.kernel.send(fd, nonsense.lines + last).has_value());
        world.kernel.shutdown_write(fd);
        world.run(1ms);
        CHECK(world.hear(fd) == nonsense.answers + (last.empty() ? "" : "? last\n") + "$");
    }
}

TEST_CASE("turns: clients that nobody knew take more of a turn than those that are known",
          "[herd][client]") {
    herd::config::Config config = herd_of_two();
    config.limits.lines_per_turn = 64;
    World world(config);
    const auto turns_of = [&](int newest) {
        std::string lines;
        for (int i = 0; i < 64; ++i) {
            lines += "IAMAT c" + std::to_string(i) + " +1-1 " + std::to_string(newest) + "\n";
        }
        const std::uint64_t before = world.a().wire().counters().turns_cut;
        const int fd = world.connect();
        world.say(fd, lines);
        world.run(1ms);
        const std::string answers = world.hear(fd);
        CHECK(std::ranges::count(answers, '\n') == 64);
        return world.a().wire().counters().turns_cut - before;
    };
    CHECK(turns_of(5) > 0);
    CHECK(turns_of(6) == 0);
}

TEST_CASE("turns: what was received before a shutdown is answered, whosever turn it is",
          "[herd][client]") {
    herd::config::Config config = herd_of_two();
    config.limits.lines_per_turn = 3;
    World world(config);
    const Nonsense nonsense(100);
    const int fd = world.connect();
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(fd, nonsense.lines).has_value());
    world.kernel.advance_to(world.kernel.now_ns() + 1'000);
    world.kernel.enter(0);
    world.servers[0]->loop.run_once();
    REQUIRE(world.a().clients().size() == 1);
    world.shut_down();
    CHECK(world.hear(fd) == nonsense.answers + "$");
}

TEST_CASE("turns: who says one line is answered before those who say many have had their turns",
          "[herd][client]") {
    herd::config::Config config = herd_of_two();
    config.limits.lines_per_turn = 3;
    World world(config);
    const Nonsense nonsense(1'000);
    const int greedy = world.connect();
    const int polite = world.connect();
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(greedy, nonsense.lines).has_value());
    world.kernel.advance_to(world.kernel.now_ns() + 1'000);
    world.kernel.enter(0);
    world.servers[0]->loop.run_once();
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(polite, "polite\n").has_value());
    world.kernel.advance_to(world.kernel.now_ns() + 1'000);
    world.kernel.enter(0);
    world.servers[0]->loop.run_once();
    world.kernel.advance_to(world.kernel.now_ns() + 1'000);
    CHECK(world.hear(polite) == "? polite\n");
    CHECK(world.hear(greedy).size() < nonsense.answers.size() / 50);
}
