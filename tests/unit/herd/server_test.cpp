#include "herd/server.hpp"

#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace server_test {

using namespace herd::small_world;

TEST_CASE("server: why a server cannot start is one clear line", "[herd][server]") {
    const World world;
    herd::config::Config config = herd_of_two();
    std::string reasons[2];
    sim::FakeKernel& kernel = const_cast<World&>(world).kernel;
    for (std::string& reason : reasons) {
        Process process(kernel, config, 0);
        const auto opened = process.server.open();
        REQUIRE_FALSE(opened.has_value());
        reason = opened.error();
        config.servers[0].clients.port = 3000;
    }
    const std::string advice =
        ": does this server run already? `herd status` says so, and `ss -lntup` who else is there";
    CHECK(reasons[0] == "clients' address 127.0.0.1:1000: Address already in use" + advice);
    CHECK(reasons[1] == "peers' address 127.0.0.1:1100: Address already in use" + advice);
}

TEST_CASE("server: memory that the system does not have is a reason, too", "[herd][server]") {
    sim::FakeKernel kernel(1);
    herd::config::Config config = herd_of_two();
    // More than an address space has.
    config.limits.blocks = UINT32_MAX;
    config.limits.clients = 1U << 29;
    config.limits.long_records = UINT32_MAX - 1;
    config.limits.line_max = 65'000;
    Process process(kernel, config, 0);
    const auto opened = process.server.open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error() == "cannot map memory: Cannot allocate memory");
}

TEST_CASE("server: port 0 takes a free one and says which", "[herd][server]") {
    herd::config::Config config = herd_of_two();
    config.servers[0].clients.port = config.servers[0].peers.port = 0;
    World world(config);
    CHECK(world.a().clients().address().port != 0);
    CHECK(world.a().clients().address() != world.a().neighbours().address());
    const int fd = world.connect(world.a().clients().address().port);
    world.say(fd, "x\n");
    CHECK(world.hear(fd) == "? x\n");
}

TEST_CASE("server: an update is at the neighbour before its answer is at the client",
          "[herd][server]") {
    World world(herd_of_two(), 2);
    REQUIRE(world.a().neighbours().reach().live == 1);
    const int fd = world.connect();
    const int other = world.connect(1001);
    for (int i = 0; i < 50; ++i) {
        const std::string report = "IAMAT c +1-1 " + std::to_string(100 + i) + "\n";
        world.kernel.enter(visitors);
        REQUIRE(world.kernel.send(fd, report));
        std::string answer;
        while ((answer = world.hear(fd)).empty()) world.run(1us);
        // Asked in this very moment, the other server knows.
        world.say(other, "WHATSAT c 1 0\n");
        CHECK(world.hear(other).starts_with(answer));
    }
}

TEST_CASE("server: the last place is taken from the client that was idle for longest",
          "[herd][server]") {
    World world;
    const int first = world.connect();
    world.run(2s);
    const int second = world.connect();
    world.run(2s);
    world.say(first, "x\n");
    const int third = world.connect();
    CHECK(world.hear(first) == "? x\n");
    CHECK_FALSE(world.closed(second));
    const int fourth = world.connect();
    CHECK(world.closed(second));
    CHECK_FALSE(world.closed(first));
    CHECK_FALSE(world.closed(third));
    CHECK(world.a().clients().size() == 3);
    CHECK(world.a().counters().clients_evicted == 1);
    world.say(fourth, "y\n");
    CHECK(world.hear(fourth) == "? y\n");
}

TEST_CASE("server: when all are busy a newcomer waits, until one ends", "[herd][server]") {
    World world;
    int fds[4];
    for (int& fd : fds) {
        fd = world.connect();
        world.say(fd, "SYNC\n");
    }
    const int waiting = world.connect();
    world.say(waiting, "x\n");
    world.run(100ms);
    CHECK(world.hear(waiting).empty());
    CHECK(world.a().counters().clients_waited == 1);
    CHECK(world.a().counters().clients_evicted == 0);
    world.kernel.enter(visitors);
    world.kernel.close(fds[1]);
    world.run(1ms);
    CHECK(world.hear(waiting) == "? x\n");
}

TEST_CASE("server: a newcomer that waits is let in when a client has become idle",
          "[herd][server]") {
    World world;
    int fds[4];
    // All at once: nobody has been idle yet.
    for (int& fd : fds) {
        fd = world.connect();
        world.say(fd, "SYNC\n");
    }
    const int waiting = world.connect();
    world.say(waiting, "x\n");
    CHECK(world.hear(waiting).empty());
    CHECK(world.a().counters().clients_waited == 1);
    world.run(3s);
    CHECK(world.hear(waiting) == "? x\n");
    CHECK(world.a().counters().clients_evicted >= 1);
}

TEST_CASE("server: each time limit of a client closes the connection and is counted",
          "[herd][server]") {
    herd::config::Config config = herd_of_two();
    config.limits.first_line_ms = 2'000;
    config.limits.rest_of_line_ms = 3'000;
    config.limits.idle_ms = 5'000;
    config.limits.linger_ms = 1'000;
    struct Case {
        const char* said;
        bool finished;
        reactor::Duration limit;
        std::uint64_t herd::watch::Counters::*counter;
    };
    const Case cases[] = {
        {"", false, 2s, &herd::watch::Counters::silent_at_first},
        {"half a line", false, 3s, &herd::watch::Counters::slow_lines},
        {"x\nhalf a line", false, 3s, &herd::watch::Counters::slow_lines},
        {"x\n", false, 5s, &herd::watch::Counters::idle},
        {"x\n", true, 1s, &herd::watch::Counters::lingered},
    };
    for (const Case& each : cases) {
        World world(config);
        const int fd = world.connect();
        world.say(fd, each.said);
        world.kernel.enter(0);
        if (each.finished) world.a().shut_down();
        world.run(each.limit - 1s);
        CHECK(world.a().clients().size() == 1);
        world.run(2s);
        CHECK(world.a().clients().size() == 0);
        CHECK(world.a().counters().*each.counter == 1);
    }
}

TEST_CASE("server: half a line is no excuse for the other half", "[herd][server]") {
    herd::config::Config config = herd_of_two();
    config.limits.rest_of_line_ms = 3'000;
    World world(config);
    const int fd = world.connect();
    for (int i = 0; i < 5 && !world.closed(fd); ++i) {
        world.say(fd, "x");
        world.run(1s);
    }
    CHECK(world.a().counters().slow_lines == 1);
}

TEST_CASE("server: who does not read its answers is not read, and not waited for for ever",
          "[herd][server]") {
    herd::config::Config config = herd_of_two();
    config.limits.drain_ms = 4'000;
    World world(config);
    world.kernel.buffer_size = 1000;
    const int fd = world.connect();
    // One that reads, however slowly, is waited for.
    for (int i = 0; i < 10; ++i) {
        world.kernel.enter(visitors);
        static_cast<void>(world.kernel.send(fd, std::string(900, '\n')));
        world.run(3s);
        CHECK(!world.hear(fd).empty());
    }
    CHECK(world.a().clients().size() == 1);
    world.run(6s);
    CHECK(world.a().clients().size() == 0);
    CHECK(world.a().counters().slow_readers == 1);
}

TEST_CASE("server: a shutdown answers what is owed and ends when the clients have",
          "[herd][server]") {
    World world;
    const int idle = world.connect();
    const int asking = world.connect();
    world.say(asking, "IAMAT c +1-1 5\nWHATSAT c 1 1\nx\n");
    const std::string first = world.hear(asking);
    world.kernel.enter(0);
    world.a().shut_down();
    world.a().shut_down();
    world.run(100us);
    CHECK(world.hear(idle) == "$");
    world.run(10ms);
    const std::string rest = world.hear(asking);
    CHECK(rest.starts_with(first + "{"));
    CHECK(rest.ends_with("}\n\n? x\n$"));
    for (const int fd : {idle, asking}) {
        world.kernel.enter(visitors);
        world.kernel.close(fd);
    }
    CHECK(world.shut_down() <= 50ms);
}

TEST_CASE("server: a shutdown does not wait for ever for anybody", "[herd][server]") {
    {
        // A client that does not close what is finished.
        World world;
        world.connect();
        CHECK(world.shut_down() <= 2'100ms);
    }
    {
        // A client that does not read.
        World world;
        world.kernel.buffer_size = 100;
        world.say(world.connect(), std::string(90, '\n'));
        CHECK(world.shut_down() <= 4'100ms);
    }
    {
        World world;
        CHECK(world.shut_down() <= 20ms);
    }
}

TEST_CASE("server: a shutdown brings the neighbours up to date", "[herd][server]") {
    herd::config::Config config = herd_of_two();
    config.limits.records_per_turn = 1;
    World world(config, 2);
    const int fd = world.connect();
    std::string reports;
    for (int i = 0; i < 60; ++i) reports += "IAMAT c" + std::to_string(i) + " +1-1 5\n";
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(fd, reports));
    world.run(2us);
    world.shut_down();
    world.run(1ms);
    CHECK(world.servers[1]->server.table().size() == 60);
}

TEST_CASE("server: a server that has stopped leaves nothing open", "[herd][server]") {
    World world(herd_of_two(), 2);
    world.connect();
    world.run(100ms);
    world.shut_down();
    world.kernel.enter(0);
    world.servers.erase(world.servers.begin());
    CHECK(world.kernel.open_descriptors(0) == 0);
}

}  // namespace server_test
