#include "herd/journal/journal.hpp"
#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

namespace holes_test {

using namespace herd::journal_test;
using herd::config::Fsync;

namespace {

constexpr std::uint32_t clients = 300;

// Who reports at that time: all in turns, some of them far more often.
std::string who(std::uint64_t time) {
    return "c" + std::to_string(time % 3 == 0 ? time / 3 % clients : time % 7);
}

// What the file takes of the disk.
std::size_t kept(const House& house) {
    const std::string bytes = house.file();
    return bytes.size() - static_cast<std::size_t>(std::ranges::count(bytes, '\0'));
}

std::uint64_t report(House& house, std::uint64_t from, std::uint64_t count) {
    for (std::uint64_t time = from; time < from + count; ++time) {
        house.report(who(time), time);
        if (time % 50 != 0) continue;
        house.run(2ms);
        house.hear();
    }
    house.run(10ms);
    house.hear();
    return from + count;
}

// In so many rounds, with a sync in each; the most that the file took of the disk.
std::size_t report_in_rounds(House& house, std::uint64_t& time, int rounds) {
    std::size_t largest = 0;
    for (int round = 0; round < rounds; ++round) {
        time = report(house, time, 1'000);
        house.run(1'100ms);
        largest = std::max(largest, kept(house));
    }
    return largest;
}

}  // namespace

TEST_CASE("journal holes: a file stays small without being written anew", "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    House house(fsync);
    house.config.journal.pace.slack = 0;
    REQUIRE(house.start());
    std::uint64_t time = 1;
    const std::size_t largest = report_in_rounds(house, time, 15);
    const std::size_t table = clients * (at_line("c100", 30'000).size() + 10);
    CHECK(largest < 3 * table);
    CHECK(house.file().size() > 10 * table);
    CHECK(house.counters().journal_renewals == 0);
    CHECK(house.process->server.journal().size() <= 3 * table);
    const std::string newest = house.known(who(time - 1));
    const std::string oldest = house.known("c8");
    const bool power = GENERATE(false, true);
    power ? house.lose_power() : house.kill();
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
    CHECK(house.known(who(time - 1)) == newest);
    CHECK(house.known("c8") == oldest);
    house.run(10s);
    CHECK(house.counters().journal_renewals == 1);
    CHECK(std::ranges::count(house.file(), '\0') == 0);
}

TEST_CASE("journal holes: a file that consists of holes for the most part is written anew",
          "[herd][journal]") {
    House house;
    house.config.journal.pace.slack = 1'000;
    REQUIRE(house.start());
    std::uint64_t time = 1;
    while (house.counters().journal_renewals == 0) {
        for (int i = 0; i < 20; ++i) REQUIRE(house.answered("kiwi", time++));
        house.run(1s);
        REQUIRE(time < 5'000);
        REQUIRE(kept(house) < 10'000);
    }
    CHECK(house.file().size() < 5'000);
}

// It is to be written anew, but that may take long, as the disk does.
TEST_CASE("journal holes: one that is there at the start grows by little until it is replaced",
          "[herd][journal]") {
    House house;
    house.config.journal.pace.slack = 0;
    house.kernel.disk.put(path, long_one());
    const std::size_t before = long_one().size();
    house.kernel.disk.hang(reactor::sys::Errand::What::make, sim::FakeDisk::for_good);
    REQUIRE(house.start());
    std::uint64_t time = 3;
    const std::size_t largest = report_in_rounds(house, time, 10);
    CHECK(house.counters().journal_renewals == 0);
    const std::size_t table = clients * (at_line("c100", 30'000).size() + 10);
    CHECK(largest > before);
    CHECK(largest < before + 3 * table);
    house.kill();
    house.kernel.disk.recover();
    REQUIRE(house.start());
    CHECK(house.known(who(time - 1)) == std::to_string(time - 1));
}

// What it was to be written anew for may be over by the time that it can be.
TEST_CASE("journal holes: one that could not be written anew when it was long is so later",
          "[herd][journal]") {
    House house;
    house.config.journal.pace.slack = 0;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    house.kernel.disk.faults.open = ENOSPC;
    for (std::uint64_t time = 2; house.counters().journal_failures == 0; ++time) {
        REQUIRE(house.answered("kiwi", time, 10ms));
        REQUIRE(time < 1'000);
        house.run(100ms);
    }
    CHECK(house.process->server.journal().state() == "failed");
    // Many more clients: the file is not long for these any more.
    for (std::uint64_t i = 0; i < clients; ++i) house.report("c" + std::to_string(i), 1);
    house.run(1s);
    house.kernel.disk.faults.open = 0;
    house.run(40s);
    CHECK(house.process->server.journal().state() == "ok");
}

TEST_CASE("journal holes: they come late where the disk does, and the server goes on",
          "[herd][journal]") {
    House house;
    house.config.journal.pace.slack = 0;
    house.kernel.disk.hang(reactor::sys::Errand::What::punch, sim::FakeDisk::for_good);
    REQUIRE(house.start());
    std::uint64_t time = report(house, 1, 5'000);
    house.run(20s);
    CHECK(house.counters().journal_failures > 0);
    CHECK(house.answered("kiwi", 1));
    house.kernel.disk.recover();
    house.kernel.hurry_mailboxes(1);
    house.run(40s);
    CHECK(house.process->server.journal().state() == "ok");
    time = report(house, time, 5'000);
    house.run(2s);
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known(who(time - 1)) == std::to_string(time - 1));
}

}  // namespace holes_test
