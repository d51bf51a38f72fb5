#include "herd/journal/load.hpp"

#include "herd/journal/recovery.hpp"
#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace load_test {

using namespace herd::journal_test;

namespace {

std::string name(std::size_t number) {
    return "c" + std::to_string(number);
}

// The journal of so many clients, one record each.
std::string journal_of(std::size_t clients) {
    std::string bytes = title();
    for (std::size_t i = 0; i < clients; ++i) bytes += line_of(at_line(name(i), i));
    return bytes;
}

// How many whole lines these bytes have, without the title.
std::size_t records_in(const std::string& bytes) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
    return lines == 0 ? 0 : lines - 1;
}

// Its server starts, knows these clients and no others, and can go on.
void check_knows(House& house, std::size_t clients) {
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
    if (clients > 0) {
        CHECK(house.known(name(0)) == "0");
        CHECK(house.known(name(clients - 1)) == std::to_string(clients - 1));
    }
    REQUIRE(house.answered("late", 1));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.stored() == clients + 1);
    house.kill();
}

std::vector<std::string> put_aside(const House& house) {
    return house.kernel.disk.paths(std::string(path) + ".bad-");
}

// Starts the server, until so many files were put aside.
void run_until_aside(House& house, std::size_t files) {
    REQUIRE(house.start());
    for (int i = 0; i < 1'000'000 && put_aside(house).size() < files; ++i) house.run(1us);
    REQUIRE(put_aside(house).size() == files);
}

}  // namespace

TEST_CASE("journal load: cut anywhere, a server has the longest prefix and goes on behind it",
          "[herd][journal_load]") {
    const std::string whole = journal_of(4'000);
    sim::Random random(3);
    for (int i = 0; i < 100; ++i) {
        // Every cut in the title, then any.
        const std::size_t cut = i <= static_cast<int>(title().size()) ? static_cast<std::size_t>(i)
                                                                      : random.below(whole.size());
        INFO(cut);
        House house;
        const std::string bytes = whole.substr(0, cut);
        house.kernel.disk.put(path, bytes);
        check_knows(house, records_in(bytes));
        CHECK(put_aside(house).empty());
    }
}

TEST_CASE("journal load: a flipped bit costs its line, and the file is kept",
          "[herd][journal_load]") {
    const std::string whole = journal_of(4'000);
    sim::Random random(4);
    for (int i = 0; i < 60; ++i) {
        const std::size_t at = title().size() + random.below(whole.size() - title().size());
        INFO(at);
        House house;
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        house.kernel.disk.put(path, bytes);
        REQUIRE(house.start());
        // Of a line that has lost its end the next one is a part.
        const std::size_t first = records_in(whole.substr(0, at));
        const std::size_t lost = whole[at] == '\n' ? 2 : 1;
        CHECK(house.stored() == 4'000 - lost);
        for (std::size_t client = 0; client < 4'000; ++client) {
            const bool hit = client - first < lost;
            if (house.known(name(client)) != (hit ? "" : std::to_string(client))) FAIL(client);
        }
        CHECK((house.counters().journal_damaged > 0) == (first + lost < 4'000));
        if (first + lost == 4'000) continue;
        house.run(30s);
        REQUIRE(put_aside(house).size() == 1);
        CHECK((house.kernel.disk.content(put_aside(house)[0]).starts_with(bytes)));
        house.lose_power();
        REQUIRE(house.start());
        CHECK(house.stored() == 4'000 - lost);
        CHECK(house.counters().journal_damaged == 0);
    }
}

TEST_CASE("journal load: what is behind damage is read, and damage without an end is cut off",
          "[herd][journal_load]") {
    const std::string ghost = line_of(at_line("ghost", 1));
    for (const std::string& rest : {std::string(3 << 20, 'x') + "\n",
                                    std::string(3 << 20, '\0') + "x\n",
                                    std::string("\n"),
                                    "x" + std::string(3 << 20, '\0') + "\n",
                                    std::string(1 << 20, '\n')}) {
        INFO(rest.size() << ' ' << static_cast<int>(rest[0]));
        {
            House house;
            house.kernel.disk.put(path, journal_of(10) + rest);
            check_knows(house, 10);
            CHECK(put_aside(house).empty());
        }
        House house;
        const std::string bytes = journal_of(10) + rest + std::string(5'000, '\0') + ghost;
        house.kernel.disk.put(path, bytes + rest);
        REQUIRE(house.start());
        CHECK(house.stored() == 11);
        CHECK(house.known("ghost") == "1");
        CHECK(house.counters().journal_damaged == rest.size());
        CHECK((house.file() == bytes));
        house.run(2s);
        REQUIRE(put_aside(house).size() == 1);
        CHECK((house.kernel.disk.content(put_aside(house)[0]) == bytes));
    }
}

TEST_CASE("journal load: a bad line that nothing ends is as long as the file",
          "[herd][journal_load]") {
    House house;
    house.kernel.disk.put(
        path, journal_of(10) + std::string(3 << 20, 'x') + line_of(at_line("ghost", 1)));
    check_knows(house, 10);
}

TEST_CASE("journal load: who is killed when a damaged file was put aside has lost no more of it",
          "[herd][journal_load]") {
    House house;
    house.kernel.disk.put(path,
                          journal_of(5) + "x\n" + journal_of(10).substr(journal_of(5).size()));
    SECTION("on a file system with links") {
        run_until_aside(house, 1);
        house.kill();
        check_knows(house, 10);
    }
    SECTION("and those who cannot give the new one its name go on, and put nothing more aside") {
        run_until_aside(house, 1);
        house.kernel.disk.faults.rename = EIO;
        house.run(10s);
        CHECK(put_aside(house).size() == 1);
        REQUIRE(house.answered("late", 1));
        house.kill();
        house.kernel.disk.faults.rename = 0;
        REQUIRE(house.start());
        CHECK(house.stored() == 11);
        CHECK(house.known("late") == "1");
    }
    SECTION("without links it stands under the one name or the other's") {
        house.kernel.disk.faults.link = EPERM;
        run_until_aside(house, 1);
        house.run(10s);
        CHECK(house.counters().journal_renewals == 1);
        CHECK(put_aside(house).size() == 1);
        house.kill();
        check_knows(house, 10);
    }
}

TEST_CASE("journal load: what was put aside is not overwritten within the same second",
          "[herd][journal_load]") {
    const bool whole = GENERATE(false, true);
    INFO(whole);
    std::vector<std::string> contents;
    House house;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::string title_or_not = whole ? "" : title() + "x\n";
        contents.push_back(title_or_not + std::string(i + 40, 'x') + "\n" +
                           (whole ? "" : line_of(at_line("kiwi", 1))));
        house.kernel.disk.put(path, contents.back());
        run_until_aside(house, i + 1);
        house.kill();
    }
    for (std::size_t i = 0; i < contents.size(); ++i) {
        CHECK(house.kernel.disk.content(put_aside(house)[i]).starts_with(contents[i]));
    }
}

// Zeros stand for lines that others have replaced: those behind them count, and no zero at the end.
TEST_CASE("journal load: holes between lines are passed over", "[herd][journal_load]") {
    for (const std::size_t zeros : {1U, 5'000U, 1U << 20, 3U << 20}) {
        INFO(zeros);
        House house;
        const std::string hole(zeros, '\0');
        const std::string second = journal_of(10).substr(journal_of(5).size());
        const std::string good =
            title() + hole + journal_of(5).substr(title().size()) + hole + second;
        house.kernel.disk.put(path, good + hole);
        REQUIRE(house.start());
        CHECK(house.stored() == 10);
        CHECK(house.file() == good);
        house.kill();
        check_knows(house, 10);
    }
}

TEST_CASE("journal load: without a title it is put aside", "[herd][journal_load]") {
    std::string flipped = journal_of(10);
    flipped[10] ^= 1;
    for (const std::string& bytes : {flipped,
                                     std::string("some other file\n"),
                                     std::string(100, 'x'),
                                     std::string(3 << 20, '\0')}) {
        House house;
        house.kernel.disk.put(path, bytes);
        check_knows(house, 0);
        REQUIRE(put_aside(house).size() == 1);
        CHECK(house.kernel.disk.content(put_aside(house)[0]) == bytes);
    }
}

TEST_CASE("journal load: another server's, or another version's, is not touched",
          "[herd][journal_load]") {
    for (const char* other : {"HERD-JOURNAL 1 B", "HERD-JOURNAL 2 A", "HERD-JOURNAL 1 AA"}) {
        House house;
        const std::string bytes = line_of(other) + line_of(at_line("kiwi", 1));
        house.kernel.disk.put(path, bytes);
        CHECK_FALSE(house.start());
        CHECK(house.error ==
              "journal j/A.journal: it is another server's, or of a version that this program does "
              "not know");
        CHECK(house.file() == bytes);
    }
}

TEST_CASE("journal load: two servers do not share one", "[herd][journal_load]") {
    House house;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    House::Process second(house.config);
    const auto opened = second.server.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error() == "journal j/A.journal: another process keeps it");
    CHECK(house.answered("kiwi", 2));
}

TEST_CASE("journal load: what can only be read is loaded", "[herd][journal_load]") {
    House house;
    house.kernel.disk.put(path, journal_of(10));
    house.kernel.disk.faults.open = EROFS;
    REQUIRE(house.start());
    CHECK(house.stored() == 10);
    CHECK(house.counters().journal_failures == 1);
    REQUIRE(house.answered("kiwi", 1));
    house.kernel.disk.faults.open = 0;
    house.run(2s);
    CHECK(house.counters().journal_renewals == 1);
    CHECK(put_aside(house).empty());
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.stored() == 11);
}

TEST_CASE("journal load: what could only be seen not to be one is put aside when it can be",
          "[herd][journal_load]") {
    House house;
    house.kernel.disk.put(path, "some other file\n");
    house.kernel.disk.faults.open = EROFS;
    REQUIRE(house.start());
    house.kernel.disk.faults.open = 0;
    house.run(2s);
    REQUIRE(put_aside(house).size() == 1);
    CHECK(house.kernel.disk.content(put_aside(house)[0]) == "some other file\n");
    CHECK(house.file() == title());
}

TEST_CASE("journal load: one that appears under way is put aside, not overwritten",
          "[herd][journal_load]") {
    House house;
    house.kernel.disk.faults.open = EACCES;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    house.kernel.disk.faults.open = 0;
    house.kernel.disk.put(path, journal_of(10));
    house.run(2s);
    REQUIRE(put_aside(house).size() == 1);
    CHECK(house.kernel.disk.content(put_aside(house)[0]) == journal_of(10));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "1");
}

TEST_CASE("journal load: of a client's records the newest counts, wherever it stands",
          "[herd][journal_load]") {
    House house;
    house.kernel.disk.put(path,
                          title() + line_of(at_line("kiwi", 5)) + line_of(at_line("kiwi", 9)) +
                              line_of(at_line("kiwi", 7)) + line_of(at_line("kiwi", 9)));
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "9");
}

TEST_CASE("journal load: what is beyond a limit is left out", "[herd][journal_load]") {
    House house;
    house.config.limits.clients = 3;
    house.config.max_future_ms = 1'000;
    house.kernel.disk.put(path,
                          title() + line_of("AT A -5.000000000 early +1-1 9") +
                              journal_of(10).substr(title().size()));
    REQUIRE(house.start());
    CHECK(house.stored() == 3);
    CHECK(house.known("early").empty());
    CHECK(house.known(name(2)) == "2");
}

}  // namespace load_test
