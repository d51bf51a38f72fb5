#include "herd/journal/journal.hpp"
#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hang_test {

using namespace herd::journal_test;
using herd::config::Fsync;
using What = reactor::sys::Errand::What;

namespace {

// What a hanging disk may hang in.
constexpr What kinds[] = {
    What::sync, What::sync_folder, What::punch, What::write, What::rename, What::make};

constexpr auto limit = 5s;

void hang(House& house, What kind) {
    house.kernel.disk.hang(kind, sim::FakeDisk::for_good);
}

void hang(House& house) {
    for (const What kind : kinds) hang(house, kind);
}

void recover(House& house) {
    house.kernel.disk.recover();
    house.kernel.hurry_mailboxes(1);
}

}  // namespace

TEST_CASE("journal hang: a disk that hangs holds answers up for the limit, and no longer",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    const bool from_the_start = GENERATE(true, false);
    House house(fsync);
    house.kernel.disk.put(path, long_one());
    if (from_the_start) hang(house);
    REQUIRE(house.start());
    house.run(3s);
    hang(house);
    std::uint64_t time = 2;
    for (int second = 0; second < 20; ++second) {
        house.report("kiwi", ++time);
        house.run(1s);
    }
    CHECK(house.known("kiwi") == std::to_string(time));
    std::string heard = house.hear();
    CHECK(heard.ends_with(" " + std::to_string(time) + "\n"));
    CHECK(house.process->server.journal().state() == "failed");
    CHECK(house.counters().journal_failures > 0);
    CHECK(house.answered("emu", 1));
    SECTION("and it recovers with the disk") {
        recover(house);
        house.run(32s);
        CHECK(house.process->server.journal().state() == "ok");
        CHECK(house.kernel.disk.synced(path) == house.file());
        REQUIRE(house.answered("dodo", 1, 50ms));
        house.run(2s);
        house.lose_power();
        REQUIRE(house.start());
        CHECK(house.known("kiwi") == std::to_string(time));
        CHECK(house.known("emu") == "1");
        CHECK(house.known("dodo") == "1");
    }
    SECTION("or ends within its time") {
        CHECK(house.shut_down());
    }
}

TEST_CASE("journal hang: a limit that is lowered counts for those who wait already",
          "[herd][journal]") {
    House house(Fsync::always);
    REQUIRE(house.start());
    house.run(1s);
    hang(house, What::sync);
    house.report("kiwi", 3);
    house.run(1s);
    CHECK(house.hear().empty());
    house.config.limits.journal_ms = 2'000;
    house.process->server.on_settings();
    house.run(900ms);
    CHECK(house.hear().empty());
    house.run(200ms);
    CHECK(house.hear().ends_with(" 3\n"));
}

TEST_CASE("journal hang: whatever hangs alone, no answer waits for longer than the limit",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    const What kind = GENERATE(from_range(std::begin(kinds), std::end(kinds)));
    const auto begin = GENERATE(0ms, 1ms, 3ms, 1'500ms);
    INFO(static_cast<int>(kind) << " after " << begin.count());
    House house(fsync);
    house.kernel.disk.put(path, long_one());
    REQUIRE(house.start());
    house.run(begin);
    hang(house, kind);
    std::uint64_t time = 2;
    std::uint64_t answered = 2;
    for (int tick = 0; tick < 600; ++tick) {
        house.report("kiwi", ++time);
        house.run(50ms);
        if (const std::string heard = house.hear(); !heard.empty()) {
            answered = std::stoull(heard.substr(heard.rfind(' ') + 1));
        }
        // One is said in 50 ms.
        REQUIRE((time - answered) * 50ms <= limit + 100ms);
    }
    // Said once, and not tried again until the disk answers.
    CHECK(house.counters().journal_failures <= 1);
    if (kind == What::sync) CHECK(house.process->server.journal().state() == "failed");
    recover(house);
    house.run(32s);
    CHECK(house.process->server.journal().state() == "ok");
    CHECK(house.kernel.disk.synced(path) == house.file());
}

// A file of which nobody knows what will be in it is not gone on with.
TEST_CASE("journal hang: what was asked of a hanging disk may happen at any time later",
          "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    house.run(1s);
    hang(house);
    for (std::uint64_t time = 1; time < 30; ++time) {
        house.report("kiwi", time);
        house.run(500ms);
    }
    REQUIRE(house.process->server.journal().state() == "failed");
    SECTION("after the server's end") {
        house.kill();
    }
    SECTION("or before") {
        recover(house);
        house.run(40s);
        CHECK(house.known("kiwi") == "29");
        house.kill();
    }
    house.kernel.disk.recover();
    REQUIRE(house.start());
    REQUIRE(house.answered("dodo", 1, 50ms));
}

TEST_CASE("journal hang: clients that report past a hanging disk take no connection for ever",
          "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    house.run(10ms);
    hang(house);
    house.run(1s);
    std::vector<int> fds;
    for (std::uint64_t i = 0; i < house.config.limits.connections; ++i) {
        house.report("c" + std::to_string(i), 1);
        house.run(1ms);
        fds.push_back(std::exchange(house.fd, -1));
    }
    house.run(limit);
    house.say("WHATSAT kiwi 1 0\n");
    house.run(2s);
    CHECK(house.hear().starts_with("AT A "));
    for (const int fd : fds) house.kernel.close(fd);
}

}  // namespace hang_test
