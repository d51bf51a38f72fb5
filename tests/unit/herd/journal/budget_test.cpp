#include "herd/journal/journal.hpp"
#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace budget_test {

using namespace herd::journal_test;

namespace {

constexpr std::uint32_t clients = 200'000;

std::string journal_of_many() {
    std::string bytes = title();
    for (std::uint32_t i = 0; i < clients; ++i) {
        bytes += line_of(at_line("c" + std::to_string(i), 1));
    }
    return bytes;
}

std::size_t lines_in(const std::string& bytes) {
    return static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
}

// Every answer that was heard is of a record that the file has.
bool all_written(const std::string& heard, const std::string& file) {
    std::set<std::string> records;
    std::string line;
    for (std::istringstream lines(file); std::getline(lines, line);) {
        records.insert(line.substr(line.find(' ') + 1));
    }
    for (std::istringstream lines(heard); std::getline(lines, line);) {
        if (!records.contains(line)) return false;
    }
    return true;
}

}  // namespace

// After a write of more than a second the journal is further behind than its follower waits
// for, which then looks at all slots.
TEST_CASE(
    "journal budget: one that has fallen behind catches up by bounded steps, and answers wait",
    "[herd][journal]") {
    constexpr std::uint64_t records_per_pump = 64;
    House house;
    house.config.limits.clients = clients;
    house.config.journal.pace.records_per_pump = records_per_pump;
    house.config.journal.pace.overdue_per_pump = records_per_pump;
    // More than a helper takes at a time, all in one turn.
    house.config.journal.pace.batch = std::size_t{64} << 10;
    constexpr std::uint32_t reports = 1'150;
    house.config.limits.lines_per_turn = reports;
    house.kernel.disk.put(path, journal_of_many());
    REQUIRE(house.start());
    house.run(10s);
    REQUIRE(house.stored() == clients);
    REQUIRE(house.counters().journal_renewals == 1);
    house.kernel.disk.sync_ns = 1'000'000'000;
    house.kernel.disk.write_ns = 1'200'000'000;
    REQUIRE(house.answered("c0", 2));
    std::string said;
    for (std::size_t i = 0; i < reports; ++i) {
        said += "IAMAT c" + std::to_string(i) + " +34.068930-118.445127 3\n";
    }
    // What is written from here on.
    const std::size_t start = house.file().size();
    const auto written = [&] { return house.file(start); };
    house.say(said);
    house.run(1'199ms);
    house.kernel.disk.sync_ns = 1'000'000;
    house.kernel.disk.write_ns = 20'000;
    CHECK(house.hear().empty());
    std::size_t lines = lines_in(written());
    std::size_t turns = 0;
    std::string heard;
    house.kernel.advance_to(house.kernel.now_ns() + 2'000'000);
    for (; lines_in(heard) < reports; ++turns) {
        REQUIRE(turns < 10'000);
        house.kernel.enter(1);
        house.process->loop.run_once();
        house.kernel.advance_to(house.kernel.now_ns() + 30'000);
        heard += house.hear();
        const std::size_t before = std::exchange(lines, lines_in(written()));
        // The first one is what the helper wrote.
        if (turns > 0) REQUIRE(lines - before <= 2 * records_per_pump);
        if (turns % 16 == 0) REQUIRE(all_written(heard, written()));
    }
    CHECK(turns >= clients / (records_per_pump * herd::table::Follower::scan_max));
    CHECK(all_written(heard, written()));
}

}  // namespace budget_test
