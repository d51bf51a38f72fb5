#include "herd/journal/format.hpp"
#include "herd/journal/journal.hpp"
#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace refused_test {

using namespace herd::journal_test;
namespace journal = herd::journal;
using herd::config::Fsync;
namespace config = herd::config;

namespace {

constexpr std::uint32_t clients = 100;

std::string name(std::uint32_t number) {
    return "c" + std::to_string(number);
}

// A server with a hundred clients, killed when the disk has them all.
void fill(House& house) {
    REQUIRE(house.start());
    for (std::uint32_t i = 0; i < clients; ++i) REQUIRE(house.answered(name(i), 1, 10ms));
    house.run(5s);
    house.kill();
}

std::vector<std::string> kept(const House& house) {
    return house.kernel.disk.paths(std::string(path) + ".refused-");
}

}  // namespace

TEST_CASE("journal refused: a whole line that says nothing known costs none of those behind it",
          "[herd][journal]") {
    House house;
    fill(house);
    for (const char* odd : {"PING 1", "AT A +1.5   ", "nonsense"}) {
        INFO(odd);
        const std::string text = odd;
        std::string line(text.size() + journal::frame_size, '\0');
        journal::format_line(line, text);
        const std::string before = house.file();
        const std::size_t title_end = before.find('\n') + 1;
        const std::string whole = before.substr(0, title_end) + line + before.substr(title_end);
        house.kernel.disk.put(path, whole);
        REQUIRE(house.start());
        CHECK(house.stored() == clients);
        CHECK(house.counters().journal_refused == 1);
        house.run(10s);
        REQUIRE_FALSE(kept(house).empty());
        CHECK(house.kernel.disk.synced(kept(house).back()) == whole);
        house.kill();
        for (const auto& each : kept(house)) REQUIRE(house.kernel.disk.remove(each).has_value());
    }
}

TEST_CASE("journal refused: a table that is too small does not cost what it has no room for",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    House house(fsync);
    const auto before = house.config.limits.clients;
    fill(house);
    const std::string whole = house.file();
    house.config.limits.clients = 10;
    REQUIRE(house.start());
    CHECK(house.stored() == 10);
    CHECK(house.counters().journal_refused == clients - 10);
    house.run(10s);
    CHECK(house.counters().journal_renewals == 1);
    CHECK(house.process->server.journal().state() == "ok");
    REQUIRE(kept(house).size() == 1);
    CHECK(house.kernel.disk.synced(kept(house)[0]) == whole);
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.stored() == 10);
    CHECK(house.counters().journal_refused == clients - 10);
    house.run(10s);
    CHECK(kept(house).size() == 1);
    house.kill();
    house.config.limits.clients = before;
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
    CHECK(kept(house).size() == 1);
    house.run(10s);
    CHECK(kept(house).empty());
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
}

TEST_CASE("journal refused: whatever bound was lowered, what it refuses is kept",
          "[herd][journal]") {
    House house;
    const std::string long_name(3'000, 'l');
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    // Of a time long after that of the server's clock.
    REQUIRE(house.answered("emu", 3'000'000'000, 1ms));
    REQUIRE(house.answered(long_name, 1, 1ms));
    house.run(5s);
    house.kill();
    const config::Config before = house.config;
    SECTION("long_records") {
        house.config.limits.long_records = 0;
    }
    SECTION("line_max") {
        house.config.limits.line_max = 512;
    }
    SECTION("max_future_ms") {
        house.config.max_future_ms = 1'000;
    }
    REQUIRE(house.start());
    REQUIRE(house.stored() == 2);
    house.run(5s);
    CHECK(house.counters().journal_refused == 1);
    REQUIRE(kept(house).size() == 1);
    house.kill();
    house.config = before;
    REQUIRE(house.start());
    CHECK(house.stored() == 3);
    CHECK(house.known(long_name) == "1");
    CHECK(house.known("emu") == "3000000000");
}

TEST_CASE("journal refused: what has expired is gone, and no file is kept for it",
          "[herd][journal]") {
    House house;
    fill(house);
    house.config.ttl_s = 1;
    REQUIRE(house.start());
    CHECK(house.stored() == 0);
    CHECK(house.counters().journal_refused == 0);
    house.run(5s);
    CHECK(kept(house).empty());
}

TEST_CASE("journal refused: a table that is smaller each time costs nothing, either",
          "[herd][journal]") {
    House house;
    const auto before = house.config.limits.clients;
    fill(house);
    for (const std::uint32_t fewer : {50U, 30U, 10U}) {
        house.config.limits.clients = fewer;
        REQUIRE(house.start());
        CHECK(house.stored() == fewer);
        house.run(10s);
        house.kill();
    }
    REQUIRE(kept(house).size() == 3);
    // Room for some more takes nothing away.
    house.config.limits.clients = 60;
    REQUIRE(house.start());
    CHECK(house.stored() == 60);
    house.run(10s);
    house.kill();
    REQUIRE(kept(house).size() == 3);
    house.config.limits.clients = before;
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
    house.run(10s);
    CHECK(kept(house).empty());
}

TEST_CASE("journal refused: whenever the renewal is cut short, all is in one file or the other",
          "[herd][journal]") {
    const bool power = GENERATE(false, true);
    const bool raised = GENERATE(false, true);
    const std::size_t names_kept = GENERATE(0U, 1U, 2U, 3U);
    bool renewed = false;
    for (int steps = 0; !renewed; ++steps) {
        INFO(steps << " " << power << " " << raised << " " << names_kept);
        REQUIRE(steps < 100);
        House house;
        const auto before = house.config.limits.clients;
        fill(house);
        house.config.limits.clients = 10;
        house.kernel.disk.sync_ns = 100'000;
        if (raised) {
            REQUIRE(house.start());
            house.run(10s);
            house.kill();
            house.config.limits.clients = before;
        }
        REQUIRE(house.start());
        house.run(steps * 50us);
        renewed = house.counters().journal_renewals > 0 && kept(house).empty() == raised &&
                  house.kernel.disk.synced(path) == house.file();
        house.kill();
        if (power) house.kernel.disk.lose_power(0, names_kept);
        REQUIRE(house.start());
        CHECK(house.stored() == (raised ? clients : 10));
        house.run(10s);
        house.kill();
        house.config.limits.clients = before;
        REQUIRE(house.start());
        CHECK(house.stored() == clients);
    }
}

TEST_CASE(
    "journal refused: what was kept is read when the journal itself has become something else",
    "[herd][journal]") {
    House house;
    fill(house);
    const auto before = house.config.limits.clients;
    house.config.limits.clients = 10;
    REQUIRE(house.start());
    house.run(10s);
    REQUIRE(kept(house).size() == 1);
    house.kill();
    house.kernel.disk.put(path, "some other file\n");
    house.config.limits.clients = before;
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
    house.run(10s);
    CHECK(house.process->server.journal().state() == "ok");
}

}  // namespace refused_test
