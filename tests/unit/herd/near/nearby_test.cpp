// NEARBY, as clients of whole servers say it.
#include "herd/geo/sphere.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace nearby_test {

namespace {

using namespace herd::small_world;

// The wall clocks of the fake kernel begin here, a second before a test.
constexpr std::int64_t begin_s = 1'767'225'601;

struct House : World {
    explicit House(const herd::config::Config& wanted = herd_of_two(), std::size_t count = 1)
        : World(wanted, count), fd(connect()) {
        kernel.buffer_size = std::size_t{1} << 20;
    }

    std::string ask(const std::string& line) {
        say(fd, line + "\n");
        run(10ms);
        return hear(fd);
    }
    // Its AT line, without its end.
    std::string report(const std::string& client, const std::string& location, int stamp = 1) {
        std::string line = ask("IAMAT " + client + " " + location + " " + std::to_string(stamp));
        REQUIRE(line.starts_with("AT A "));
        line.pop_back();
        return line;
    }
    // As many at one place.
    void crowd(int count, const std::string& location = "+1+1") {
        for (int i = 0; i < count; ++i) report("c" + std::to_string(1000 + i), location);
    }

    int fd;
};

herd::config::Config slow_herd(std::uint32_t visits = 1, std::uint32_t searches = 64) {
    herd::config::Config config = herd_of_two();
    config.limits.clients = 2000;
    config.limits.blocks = 1024;
    config.limits.connections = 8;
    config.limits.visits_per_turn = visits;
    config.limits.searches = searches;
    return config;
}

// Of an answer: its lines without ends, and nothing behind the empty one.
std::vector<std::string> lines_of(const std::string& answer) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = answer.find('\n', at)) != std::string::npos; at = end + 1) {
        lines.push_back(answer.substr(at, end - at));
    }
    REQUIRE(at == answer.size());
    return lines;
}

std::string metres(const std::string& from, const std::string& to) {
    const double far_m =
        herd::geo::distance_m(*protocol::parse_iso6709(from), *protocol::parse_iso6709(to));
    const std::string mm = std::to_string(1'000'000'000 + std::llround(far_m * 1000));
    const std::string whole = std::to_string(std::stoi(mm.substr(1, mm.size() - 4)));
    return whole + "." + mm.substr(mm.size() - 3);
}

}  // namespace

TEST_CASE("nearby: who is around a place, nearest first, each with its own AT line",
          "[herd][near]") {
    House house;
    const std::string far = house.report("far", "+48.2+11.5");
    const std::string near = house.report("near", "+48.1000001+11.5");
    const std::string there = house.report("there", "+48.1+11.5");
    house.report("elsewhere", "+40+11.5");
    const std::string from = "+48.1+11.5";
    CHECK(house.ask("NEARBY +48.1+11.5 50 10") ==
          "NEARBY A 3\nNEAR 0.000 " + there + "\nNEAR 0.011 " + near + "\nNEAR " +
              metres(from, "+48.2+11.5") + " " + far + "\n\n");
    CHECK(house.ask("NEARBY +48.1+11.5 50 2") ==
          "NEARBY A 2\nNEAR 0.000 " + there + "\nNEAR 0.011 " + near + "\n\n");
    CHECK(house.ask("NEARBY +48.1+11.5 0.000011 10") == "NEARBY A 1\nNEAR 0.000 " + there + "\n\n");
    CHECK(house.ask(" NEARBY\t+48.1+11.5  1.5 1 ") == "NEARBY A 1\nNEAR 0.000 " + there + "\n\n");
    CHECK(house.a().counters().nearby == 4);
    house.a().check();
}

TEST_CASE("nearby: a client is around itself", "[herd][near]") {
    House house;
    const std::string kiwi = house.report("kiwi", "+34.068930-118.445127");
    const std::string other = house.report("other", "+34.07-118.44");
    CHECK(house.ask("NEARBY kiwi 5 10") == "NEARBY A 2\nNEAR 0.000 " + kiwi + "\nNEAR " +
                                               metres("+34.068930-118.445127", "+34.07-118.44") +
                                               " " + other + "\n\n");
    // Where it is by now.
    const std::string moved = house.report("kiwi", "-10+10", 2);
    CHECK(house.ask("NEARBY kiwi 50 10") == "NEARBY A 1\nNEAR 0.000 " + moved + "\n\n");
}

TEST_CASE("nearby: a radius or a bound of 0 is valid, and nobody is no error", "[herd][near]") {
    House house;
    const std::string kiwi = house.report("kiwi", "+1+1");
    CHECK(house.ask("NEARBY kiwi 0 10") == "NEARBY A 1\nNEAR 0.000 " + kiwi + "\n\n");
    CHECK(house.ask("NEARBY kiwi 50 0") == "NEARBY A 0\n\n");
    CHECK(house.ask("NEARBY +2+2 50 10") == "NEARBY A 0\n\n");
    CHECK(house.ask("NEARBY +2+2 50 1000") == "NEARBY A 0\n\n");
}

TEST_CASE("nearby: what is not valid comes back behind a question mark", "[herd][near]") {
    House house;
    house.report("kiwi", "+1+1");
    for (const std::string line : {"NEARBY",
                                   "NEARBY kiwi",
                                   "NEARBY kiwi 1",
                                   "NEARBY kiwi 1 1 1",
                                   "NEARBY kiwi 50.1 1",
                                   "NEARBY kiwi 50.0000001 1",
                                   "NEARBY kiwi -1 1",
                                   "NEARBY kiwi 1 1001",
                                   "NEARBY kiwi 1 -1",
                                   "NEARBY kiwi 1 1.5",
                                   "NEARBY nobody 1 1",
                                   "NEARBY +91+1 1 1",
                                   "nearby kiwi 1 1"}) {
        CHECK(house.ask(line) == "? " + line + "\n");
    }
    CHECK(house.a().counters().nearby == 0);
}

TEST_CASE("nearby: those equally far come by the bytes of their names", "[herd][near]") {
    House house;
    for (const char* const name : {"b", "B", "a", "\xff", "ab", "1"}) house.report(name, "+1+1");
    const auto lines = lines_of(house.ask("NEARBY +1+1.01 50 4"));
    REQUIRE(lines.size() == 6);
    for (std::size_t i = 0; i < 4; ++i) {
        const std::string name = std::vector<std::string>{"1", "B", "a", "ab"}[i];
        CHECK(lines[i + 1].find(" " + name + " +1+1 ") != std::string::npos);
    }
}

TEST_CASE("nearby: every server answers for the whole herd", "[herd][near]") {
    House house(herd_of_two(), 2);
    const std::string kiwi = house.report("kiwi", "+1+1");
    const int other = house.connect(1001);
    house.say(other, "NEARBY +1+1 1 9\n");
    house.run(10ms);
    CHECK(house.hear(other) == "NEARBY B 1\nNEAR 0.000 " + kiwi + "\n\n");
}

TEST_CASE("nearby: who has expired is nowhere, and around nobody (W5)", "[herd][near]") {
    herd::config::Config config = herd_of_two();
    config.ttl_s = 60;
    House house(config);
    house.report("old", "+1+1", static_cast<int>(begin_s));
    const std::string young = house.report("young", "+1+1", static_cast<int>(begin_s) + 30);
    CHECK(lines_of(house.ask("NEARBY +1+1 1 9"))[0] == "NEARBY A 2");
    house.run(61s);
    CHECK(house.ask("NEARBY +1+1 1 9") == "NEARBY A 1\nNEAR 0.000 " + young + "\n\n");
    CHECK(house.ask("NEARBY old 1 9") == "? NEARBY old 1 9\n");
}

TEST_CASE("nearby: without the index it is no command", "[herd][near]") {
    herd::config::Config config = herd_of_two();
    config.nearby = false;
    House house(config);
    house.report("kiwi", "+1+1");
    CHECK(house.ask("NEARBY kiwi 1 1") == "? NEARBY kiwi 1 1\n");
    CHECK(house.a().table().positions() == nullptr);
    house.a().check();
}

TEST_CASE("nearby: a long search is answered in its order, and others meanwhile (W4)",
          "[herd][near]") {
    House house(slow_herd());
    house.crowd(1000);
    const int other = house.connect();
    house.kernel.enter(visitors);
    REQUIRE(house.kernel.send(house.fd, "x\nNEARBY +1+1 1 1000\ny\n").has_value());
    house.kernel.advance_to(house.kernel.now_ns() + 2'000);
    house.kernel.enter(0);
    house.servers[0]->loop.run_once();
    // The other one comes later, and need not wait for the search.
    house.kernel.enter(visitors);
    REQUIRE(house.kernel.send(other, "z\n").has_value());
    house.kernel.advance_to(house.kernel.now_ns() + 2'000);
    house.kernel.enter(0);
    house.servers[0]->loop.run_once();
    house.kernel.advance_to(house.kernel.now_ns() + 2'000);
    CHECK(house.hear(other) == "? z\n");
    CHECK(house.hear(house.fd) == "? x\n");
    house.a().check();
    house.run(10ms);
    const auto lines = lines_of(house.hear(house.fd));
    REQUIRE(lines.size() == 1003);
    CHECK(lines[0] == "NEARBY A 1000");
    CHECK(lines[1001].empty());
    CHECK(lines[1002] == "? y");
    CHECK(house.a().counters().searches_waited == 1);
    house.a().check();
}

TEST_CASE("nearby: a turn's searches together look at no more than a turn's clients (W4)",
          "[herd][near]") {
    House house(slow_herd(200));
    house.crowd(90);
    const std::uint64_t before = house.a().wire().counters().turns_cut;
    std::string lines;
    for (int i = 0; i < 20; ++i) lines += "NEARBY +1+1 1 1\n";
    house.say(house.fd, lines);
    house.run(10ms);
    CHECK(lines_of(house.hear(house.fd)).size() == 60);
    CHECK(house.a().wire().counters().turns_cut - before >= 5);
}

TEST_CASE("nearby: as many searches as there is room for go on at a time", "[herd][near]") {
    House house(slow_herd(1, 2));
    house.crowd(1000);
    std::vector<int> fds;
    for (int i = 0; i < 3; ++i) fds.push_back(house.connect());
    house.kernel.enter(visitors);
    for (const int fd : fds) REQUIRE(house.kernel.send(fd, "NEARBY +1+1 1 9\n").has_value());
    house.run(10ms);
    int refused = 0;
    for (const int fd : fds) {
        const std::string answer = house.hear(fd);
        refused += answer == "? NEARBY +1+1 1 9\n";
        if (answer.starts_with("N")) CHECK(lines_of(answer).size() == 11);
    }
    CHECK(refused == 1);
    CHECK(house.a().counters().searches_refused == 1);
    CHECK(house.ask("NEARBY +1+1 1 9").starts_with("NEARBY A 9\n"));
}

TEST_CASE("nearby: a client that goes away takes its search with it", "[herd][near]") {
    House house(slow_herd(1, 1));
    house.crowd(1000);
    const int fd = house.connect();
    house.kernel.enter(visitors);
    REQUIRE(house.kernel.send(fd, "NEARBY +1+1 1 9\n").has_value());
    house.kernel.advance_to(house.kernel.now_ns() + 2'000);
    house.kernel.enter(0);
    house.servers[0]->loop.run_once();
    CHECK(house.a().counters().searches_waited == 1);
    house.kernel.cut(0, visitors, true);
    house.kernel.advance_to(house.kernel.now_ns() + 2'000);
    house.kernel.enter(0);
    house.servers[0]->loop.run_once();
    house.a().check();
    house.kernel.heal_all();
    house.fd = house.connect();
    CHECK(house.ask("NEARBY +1+1 1 9").starts_with("NEARBY A 9\n"));
}

TEST_CASE("nearby: what was asked before a shutdown is answered", "[herd][near]") {
    House house(slow_herd());
    house.crowd(1000);
    house.kernel.enter(visitors);
    REQUIRE(house.kernel.send(house.fd, "NEARBY +1+1 1 3\n").has_value());
    house.kernel.advance_to(house.kernel.now_ns() + 2'000);
    house.kernel.enter(0);
    house.servers[0]->loop.run_once();
    CHECK(house.a().counters().searches_waited == 1);
    house.shut_down();
    const std::string answer = house.hear(house.fd);
    CHECK(answer.starts_with("NEARBY A 3\nNEAR 0.000 "));
    CHECK(answer.ends_with("\n\n$"));
}

TEST_CASE("nearby: it may be the last line of a connection, however long it takes",
          "[herd][near]") {
    for (const std::uint32_t visits : {1U, 50U, 2048U}) {
        House house(slow_herd(visits));
        house.crowd(90);
        house.kernel.enter(visitors);
        REQUIRE(house.kernel.send(house.fd, "NEARBY +1+1 1 3").has_value());
        house.kernel.shutdown_write(house.fd);
        house.run(10ms);
        const std::string answer = house.hear(house.fd);
        CHECK(answer.starts_with("NEARBY A 3\n"));
        CHECK(answer.ends_with("\n\n$"));
    }
}

TEST_CASE("nearby: of lines too long for one answer the nearest are told", "[herd][near]") {
    herd::config::Config config = herd_of_two();
    config.limits.long_records = 100;
    config.limits.blocks = 1024;
    House house(config);
    const std::string digits(8000, '0');
    for (int i = 0; i < 60; ++i) {
        house.report("c" + std::to_string(100 + i),
                     "+1." + std::to_string(100 + i) + digits + "+1");
    }
    const auto lines = lines_of(house.ask("NEARBY +1.1+1 50 1000"));
    CHECK(lines.size() > 30);
    CHECK(lines.size() < 35);
    CHECK(lines[0] == "NEARBY A " + std::to_string(lines.size() - 2));
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
        CHECK(lines[i].find(" c" + std::to_string(99 + i) + " ") != std::string::npos);
    }
}

TEST_CASE("nearby: a thousand are told at once", "[herd][near]") {
    House house(slow_herd(2048));
    house.crowd(1100);
    const auto lines = lines_of(house.ask("NEARBY +1+1 0 1000"));
    REQUIRE(lines.size() == 1002);
    CHECK(lines[0] == "NEARBY A 1000");
    CHECK(lines[1000].find(" c1999 ") != std::string::npos);
}

}  // namespace nearby_test
