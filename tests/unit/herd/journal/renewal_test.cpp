#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstdint>
#include <string>

namespace renewal_test {

using namespace herd::journal_test;
using herd::config::Fsync;

TEST_CASE("journal renewal: a file that could not be synced is replaced, not synced again",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    House house(fsync);
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1, 10ms));
    house.kernel.disk.faults.sync = EIO;
    REQUIRE(house.answered("kiwi", 2, 10ms));
    house.run(2s);
    CHECK(house.counters().journal_failures > 0);
    REQUIRE(house.answered("kiwi", 3, 10ms));
    house.kernel.disk.faults.sync = 0;
    house.run(10s);
    CHECK(house.counters().journal_renewals == 1);
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "3");
}

// The kernel takes for written what it could not write, and reads it to the next run.
TEST_CASE(
    "journal renewal: what a killed run could not sync is on the disk soon after the next start",
    "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    House house(fsync);
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1, 10ms));
    house.run(2s);
    house.kernel.disk.faults.sync = EIO;
    house.report("dodo", 1);
    house.run(2s);
    CHECK(house.counters().journal_failures > 0);
    house.kill();
    house.kernel.disk.faults.sync = 0;
    REQUIRE(house.start());
    CHECK(house.known("dodo") == "1");
    REQUIRE(house.answered("emu", 1, 10ms));
    house.run(2s);
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "1");
    CHECK(house.known("dodo") == "1");
    CHECK(house.known("emu") == "1");
}

TEST_CASE(
    "journal renewal: one that has outgrown its table is written anew where holes do not help",
    "[herd][journal]") {
    House house;
    house.kernel.disk.faults.punch = EOPNOTSUPP;
    REQUIRE(house.start());
    for (std::uint64_t time = 1; house.counters().journal_renewals == 0; ++time) {
        REQUIRE(house.answered("kiwi", time, 2ms));
        REQUIRE(time * 60 < house.config.journal.pace.slack);
    }
    house.run(1s);
    CHECK(house.file().size() < 10'000);
    CHECK(house.counters().journal_renewals == 1);
    CHECK(house.kernel.disk.synced(path) == house.file());
}

TEST_CASE(
    "journal renewal: while a new file is made and gets its name the loop goes on, and answers "
    "wait",
    "[herd][journal]") {
    House house;
    house.kernel.disk.put(path, long_one());
    house.kernel.disk.sync_ns = 50'000'000;
    REQUIRE(house.start());
    house.run(40ms);
    CHECK_FALSE(house.kernel.disk.has(next_path));
    CHECK(house.answered("kiwi", 1));
    std::uint64_t time = 2;
    while (house.answered("kiwi", time, 1ms)) REQUIRE(++time < 500);
    CHECK(house.counters().journal_renewals == 0);
    house.run(100ms);  // To look at the old file, and to rename the new one.
    CHECK(house.hear().starts_with("AT A "));
    CHECK(house.counters().journal_renewals == 1);
    house.kill();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == std::to_string(time));
}

TEST_CASE("journal renewal: one that is there at the start is written anew", "[herd][journal]") {
    House house;
    house.kernel.disk.put(path, long_one());
    REQUIRE(house.start());
    REQUIRE(house.stored() == 100);
    REQUIRE(house.answered("kiwi", 9));
    house.run(1s);
    CHECK(house.counters().journal_renewals == 1);
    CHECK(house.file().size() < 20'000);
    CHECK_FALSE(house.kernel.disk.has(next_path));
    REQUIRE(house.answered("dodo", 9));
    house.run(2s);
    CHECK(house.counters().journal_renewals == 1);
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.stored() == 102);
}

// Its size then counts, all of it, whoever wrote it: otherwise it would outgrow itself for ever.
TEST_CASE("journal renewal: one that was written while the disk was busy is not due again",
          "[herd][journal]") {
    House house;
    house.config.journal.pace = {.slack = 0, .overdue_per_pump = 1'000, .records_per_pump = 1'000};
    house.kernel.disk.sync_ns = 300'000'000;
    house.kernel.disk.put(path, long_one());
    REQUIRE(house.start());
    for (std::uint64_t time = 3; house.counters().journal_renewals == 0; ++time) {
        house.report("c1", time);
        house.run(50ms);
        REQUIRE(time < 1'000);
    }
    house.run(60s);
    CHECK(house.counters().journal_renewals <= 2);
}

TEST_CASE("journal renewal: whenever a renewal is cut short, all that was answered is there",
          "[herd][journal]") {
    const std::string before = long_one();
    const bool power = GENERATE(false, true);
    bool renewed = false;
    for (int steps = 0; !renewed; ++steps) {
        House house(Fsync::always);
        house.kernel.disk.put(path, before);
        house.kernel.disk.sync_ns = 100'000;
        REQUIRE(house.start());
        std::uint64_t told = 0;
        for (int i = 0; i < steps; ++i) {
            if (house.answered("kiwi", told + 1, 60us)) ++told;
        }
        renewed = house.counters().journal_renewals > 0 && !house.kernel.disk.has(next_path) &&
                  house.kernel.disk.synced(path).size() < 20'000;
        power ? house.lose_power() : house.kill();
        REQUIRE(house.start());
        INFO(steps);
        CHECK(house.stored() >= 100);
        CHECK((told == 0 || std::stoull("0" + house.known("kiwi")) >= told));
        CHECK_FALSE(house.kernel.disk.has(next_path));
        REQUIRE(steps < 200);
    }
}

TEST_CASE("journal renewal: a renewal that fails leaves the journal as it was", "[herd][journal]") {
    House house;
    house.kernel.disk.put(path, long_one());
    house.kernel.disk.faults.rename = EACCES;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 9));
    house.run(3s);
    CHECK(house.counters().journal_failures > 0);
    CHECK(house.counters().journal_failures < 5);
    CHECK(house.kernel.disk.synced(path) == house.file());
    house.kernel.disk.faults.rename = 0;
    house.run(30s);
    CHECK(house.counters().journal_renewals == 1);
    CHECK_FALSE(house.kernel.disk.has(next_path));
    CHECK(house.answered("kiwi", 10));
}

}  // namespace renewal_test
