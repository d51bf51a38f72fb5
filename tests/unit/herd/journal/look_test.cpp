#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstdint>
#include <string>

namespace look_test {

using namespace herd::journal_test;
using herd::config::Fsync;
using What = reactor::sys::Errand::What;

namespace {

// All that is in the house's server is on its disk, under the journal's name.
void check_kept(House& house) {
    house.run(3s);
    CHECK(house.process->server.journal().state() == "ok");
    CHECK(house.kernel.disk.synced(path) == house.file());
    const std::uint32_t stored = house.stored();
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.stored() == stored);
}

std::size_t kept_aside(const House& house) {
    return house.kernel.disk.paths("j/A.journal.bad-").size();
}

}  // namespace

TEST_CASE(
    "journal looked for: a file that somebody removes or replaces is written anew, and theirs kept",
    "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    const std::string theirs = GENERATE("", "of somebody else");
    House house(fsync);
    REQUIRE(house.start());
    REQUIRE(house.answered("dodo", 1, 10ms));
    for (std::uint64_t time = 1; time < 4; ++time) {
        CAPTURE(time);
        REQUIRE(house.kernel.disk.remove(path).has_value());
        if (!theirs.empty()) house.kernel.disk.put(path, theirs);
        for (std::uint64_t second = 0; second < 3; ++second) {
            house.run(1s);
            REQUIRE(house.answered("kiwi", 10 * time + second, 10ms));
        }
        house.run(2s);
        CHECK(house.counters().journal_failures == time);
        CHECK(house.counters().journal_renewals == time);
        CHECK(house.kernel.disk.synced(path) == house.file());
        const auto kept = house.kernel.disk.paths("j/A.journal.bad-");
        CHECK(kept.size() == (theirs.empty() ? 0 : time));
        for (const auto& each : kept) CHECK(house.kernel.disk.content(each) == theirs);
    }
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("dodo") == "1");
    CHECK(house.known("kiwi") == "32");
}

TEST_CASE("journal looked for: one that somebody cuts, or writes to, is written anew",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    const std::string theirs = GENERATE("", "a line of theirs\n", std::string(10'000, 'x'));
    const bool added = GENERATE(false, true);
    House house(fsync);
    REQUIRE(house.start());
    for (int i = 0; i < 50; ++i) house.report("c" + std::to_string(i), 1);
    house.run(1100ms);
    house.kernel.disk.overwrite(path, (added ? house.file() : "") + theirs);
    house.run(10ms);
    REQUIRE(house.answered("kiwi", 1, 10ms));
    house.run(2s);
    const bool touched = !added || !theirs.empty();
    CHECK(house.counters().journal_failures == (touched ? 1 : 0));
    CHECK(kept_aside(house) == (touched ? 1 : 0));
    check_kept(house);
    CHECK(house.known("c7") == "1");
    CHECK(house.known("kiwi") == "1");
}

TEST_CASE("journal looked for: one that cannot be looked at is as good as it was",
          "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    house.kernel.disk.faults.find = EACCES;
    for (std::uint64_t time = 1; time < 5; ++time) {
        REQUIRE(house.answered("kiwi", time, 10ms));
        house.run(1s);
    }
    CHECK(house.counters().journal_failures == 0);
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "4");
}

TEST_CASE("journal looked for: what somebody puts there while a new file is written is kept",
          "[herd][journal]") {
    House house;
    house.kernel.disk.put(path, long_one());
    house.kernel.disk.hang(What::make, house.kernel.now_ns() + 3'500'000'000);
    REQUIRE(house.start());
    house.run(3'400ms);
    REQUIRE(house.counters().journal_renewals == 0);
    // The look at it hangs, too: so it is found by the one before the name is taken.
    house.kernel.disk.hang(What::find, house.kernel.now_ns() + 300'000'000);
    REQUIRE(house.kernel.disk.remove(path).has_value());
    house.kernel.disk.put(path, "of somebody else");
    house.run(5s);
    CHECK(house.counters().journal_renewals == 1);
    REQUIRE(kept_aside(house) == 1);
    const auto kept = house.kernel.disk.paths("j/A.journal.bad-");
    CHECK(house.kernel.disk.content(kept[0]) == "of somebody else");
    check_kept(house);
}

TEST_CASE("journal looked for: another server's file is left to it", "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1, 10ms));
    REQUIRE(house.kernel.disk.remove(path).has_value());
    house.kernel.disk.put(path, "of somebody else");
    constexpr int theirs = 10'000;
    REQUIRE(house.kernel.disk.open(theirs, path, true).has_value());
    house.run(60s);
    CHECK(house.process->server.journal().state() == "failed");
    CHECK(house.counters().journal_failures < 12);
    CHECK(house.file() == "of somebody else");
    CHECK(kept_aside(house) == 0);
    house.kernel.disk.close(theirs);
    house.run(40s);
    CHECK(kept_aside(house) == 1);
    check_kept(house);
}

TEST_CASE("journal looked for: a server that shuts down leaves all it has under the name",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    const bool failing = GENERATE(false, true);
    House house(fsync);
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1, 10ms));
    house.run(2s);
    if (failing) {
        // A disk that is full for long is tried seldom.
        house.kernel.disk.space = 0;
        for (std::uint64_t time = 2; time < 22; ++time) {
            house.report("kiwi", time);
            house.run(1s);
        }
        CHECK(house.process->server.journal().state() == "failed");
        house.kernel.disk.space = SIZE_MAX;
    } else {
        REQUIRE(house.kernel.disk.remove(path).has_value());
    }
    REQUIRE(house.answered("dodo", 1, 10ms));
    REQUIRE(house.shut_down());
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("dodo") == "1");
    CHECK(house.known("kiwi") == (failing ? "21" : "1"));
}

}  // namespace look_test
