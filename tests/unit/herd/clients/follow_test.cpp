#include "tests/unit/herd/small_world.hpp"

#include <algorithm>

namespace herd::follow_test {

using namespace small_world;

namespace {

std::string iamat(const std::string& client, const std::string& location, int stamp) {
    return "IAMAT " + client + " " + location + " " + std::to_string(stamp) + "\n";
}

// All that there is to hear, of one who reads on until nothing comes.
std::string hear_all(World& world, int fd) {
    std::string all;
    for (int i = 0; i < 200; ++i) {
        const std::string more = world.hear(fd);
        all += more;
        world.run(1ms);
        if (more.empty()) break;
    }
    return all;
}

// Says that, and lets that server run once when it is there.
void one_turn(World& world, int fd, const std::string& text, sim::Host host) {
    constexpr std::int64_t on_its_way_ns = 2'000;
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(fd, text).has_value());
    world.kernel.advance_to(world.kernel.now_ns() + on_its_way_ns);
    world.kernel.enter(host);
    world.servers[host]->loop.run_once();
    world.kernel.advance_to(world.kernel.now_ns() + on_its_way_ns);
}

}  // namespace

TEST_CASE("FOLLOW: whoever reports at whichever server, the follower is told",
          "[herd][client][follow]") {
    World world(herd_of_two(), 2);
    world.run(1s);
    const int reporter = world.connect(1000);
    const int follower = world.connect(1001);
    world.say(follower, "FOLLOW kiwi\nFOLLOW +34-118 10\n");
    CHECK(world.hear(follower) == "FOLLOW B 1\nFOLLOW B 2\n");
    world.say(reporter, iamat("kiwi", "+34.01-118.01", 5));
    const std::string at = world.hear(reporter);
    CHECK(at.starts_with("AT A "));
    world.run(1ms);
    CHECK(world.hear(follower) == "NOW 1 " + at + "NOW 2 " + at);
    world.say(reporter, iamat("kiwi", "+35-118.01", 6));
    const std::string away = world.hear(reporter);
    world.run(1ms);
    CHECK(world.hear(follower) == "NOW 1 " + away + "GONE 2 kiwi\n");
    world.say(follower, "UNFOLLOW 1\nUNFOLLOW 1\n");
    CHECK(world.hear(follower) == "UNFOLLOW B 1\n? UNFOLLOW 1\n");
    for (auto& server : world.servers) server->server.check();
}

TEST_CASE("FOLLOW: what is there already is told behind the answer", "[herd][client][follow]") {
    World world(herd_of_two(), 1);
    const int fd = world.connect();
    world.say(fd, iamat("k", "+1-1", 5) + iamat("l", "+1-1", 5) + iamat("m", "+2-2", 5));
    static_cast<void>(world.hear(fd));
    world.say(fd, "FOLLOW +1-1 0\nWHATSAT k 1 0\n");
    const std::string said = hear_all(world, fd);
    CHECK(said.starts_with("FOLLOW A 1\nAT A "));
    CHECK(said.find("NOW 1 AT A ") != std::string::npos);
    CHECK(std::ranges::count(said, 'W') == 3);  // FOLLOW, and NOW twice
}

TEST_CASE("FOLLOW: what is wrong comes back", "[herd][client][follow]") {
    World world(herd_of_two(), 1);
    const int fd = world.connect();
    for (const std::string line : {"FOLLOW",
                                   "FOLLOW a b",
                                   "FOLLOW a 5",
                                   "FOLLOW +1-1",
                                   "FOLLOW +1-1 51",
                                   "FOLLOW +1-1 5 6",
                                   "FOLLOW +91-1 5",
                                   "UNFOLLOW",
                                   "UNFOLLOW 0",
                                   "UNFOLLOW 1",
                                   "UNFOLLOW x",
                                   "UNFOLLOW 65536"}) {
        CAPTURE(line);
        world.say(fd, line + "\n");
        CHECK(world.hear(fd) == "? " + line + "\n");
    }
    CHECK(world.a().counters().follows == 0);
}

TEST_CASE("FOLLOW: limits are counted", "[herd][client][follow]") {
    auto config = herd_of_two();
    config.limits.subscriptions = 3;
    config.limits.subscriptions_per_client = 2;
    World world(config, 1);
    const int fd = world.connect();
    const int other = world.connect();
    world.say(fd, "FOLLOW a\nFOLLOW b\nFOLLOW c\n");
    CHECK(world.hear(fd) == "FOLLOW A 1\nFOLLOW A 2\n? FOLLOW c\n");
    world.say(other, "FOLLOW a\nFOLLOW b\n");
    CHECK(world.hear(other) == "FOLLOW A 1\n? FOLLOW b\n");
    CHECK(world.a().counters().follows_refused == 2);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    // That it is gone shows when it is told something.
    world.say(other, iamat("a", "+1-1", 5));
    world.run(1ms);
    static_cast<void>(world.hear(other));
    world.say(other, "FOLLOW b\n");
    CHECK(world.hear(other) == "FOLLOW A 2\n");
}

TEST_CASE("FOLLOW: who says no more goes on being told", "[herd][client][follow]") {
    World world(herd_of_two(), 1);
    const int fd = world.connect();
    world.say(fd, "FOLLOW k\n");
    world.kernel.enter(visitors);
    world.kernel.shutdown_write(fd);
    world.run(1ms);
    CHECK(world.hear(fd) == "FOLLOW A 1\n");
    const int reporter = world.connect();
    world.say(reporter, iamat("k", "+1-1", 5));
    world.run(1ms);
    CHECK(world.hear(fd).starts_with("NOW 1 AT A "));
    static_cast<void>(world.shut_down());
    CHECK(world.hear(fd) == "$");
}

TEST_CASE("W1: a follower is told in the flush in which neighbours are", "[herd][client][follow]") {
    World world(herd_of_two(), 2);
    world.run(1s);
    const int reporter = world.connect();
    const int follower = world.connect();
    world.say(follower, "FOLLOW k\nFOLLOW +1-1 1\n");
    static_cast<void>(world.hear(follower));
    // A has one turn, and then B.
    one_turn(world, reporter, iamat("k", "+1-1", 5), 0);
    world.kernel.enter(1);
    world.servers[1]->loop.run_once();
    CHECK(world.b().table().find("k") != nullptr);
    const std::string at = world.hear(reporter);
    CHECK(world.hear(follower) == "NOW 1 " + at + "NOW 2 " + at);
}

TEST_CASE("W4: a follower of a crowd is told of it in turns, and others are answered meanwhile",
          "[herd][client][follow]") {
    constexpr int crowd = 3000;
    constexpr std::uint64_t lines_per_turn = 1024;
    auto config = herd_of_two();
    config.limits.clients = crowd;
    config.limits.blocks = 1024;
    World world(config, 1);
    world.kernel.buffer_size = std::size_t{1} << 20;
    const int reporter = world.connect();
    const int follower = world.connect();
    const int other = world.connect();
    for (int i = 0; i < crowd; ++i) world.say(reporter, iamat("c" + std::to_string(i), "+1-1", 1));
    static_cast<void>(hear_all(world, reporter));
    const watch::Counters& counters = world.a().counters();
    one_turn(world, follower, "FOLLOW +1-1 1\n", 0);
    int turns = 0;
    for (std::uint64_t told = counters.pushed; told < crowd; told = counters.pushed) {
        REQUIRE(++turns < 100);
        one_turn(world, other, "x\n", 0);
        CHECK(counters.pushed - told <= lines_per_turn);
        CHECK(world.hear(other) == "? x\n");
        static_cast<void>(world.hear(follower));
    }
    CHECK(turns >= 2);
}

TEST_CASE("W5: who expires has left", "[herd][client][follow]") {
    auto config = herd_of_two();
    config.ttl_s = 10;
    World world(config, 1);
    const int fd = world.connect();
    world.say(fd, "FOLLOW k\nFOLLOW +1-1 1\n");
    const std::int64_t now = world.kernel.wall_ns(0) / 1'000'000'000;
    world.say(fd, iamat("k", "+1-1", static_cast<int>(now)));
    static_cast<void>(hear_all(world, fd));
    world.run(75s);
    CHECK(world.a().table().size() == 0);
    const std::string said = hear_all(world, fd);
    CAPTURE(said);
    CHECK(said.find("GONE 1 k\n") != std::string::npos);
    CHECK(said.find("GONE 2 k\n") != std::string::npos);
    world.a().check();
}

}  // namespace herd::follow_test
