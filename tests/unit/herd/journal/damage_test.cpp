#include "tests/unit/herd/journal/found_file.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace damage_test {

using namespace herd::journal_test;

namespace {

// Starts the server, until so many files were put aside.
void run_until_aside(House& house, std::size_t files) {
    REQUIRE(house.start());
    for (int i = 0; i < 1'000'000 && put_aside(house).size() < files; ++i) house.run(1us);
    REQUIRE(put_aside(house).size() == files);
}

}  // namespace

TEST_CASE("journal damage: a flipped bit costs its line, and the file is kept",
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
        // Of a line that has lost its end the next one is a part; the last one is unfinished then.
        const std::size_t first = records_in(whole.substr(0, at));
        const bool unfinished = at + 1 == whole.size();
        const std::size_t lost = whole[at] == '\n' && !unfinished ? 2 : 1;
        CHECK(house.stored() == 4'000 - lost);
        for (std::size_t client = 0; client < 4'000; ++client) {
            const bool hit = client - first < lost;
            if (house.known(name(client)) != (hit ? "" : std::to_string(client))) FAIL(client);
        }
        CHECK((house.counters().journal_damaged_bytes > 0) == !unfinished);
        if (unfinished) continue;
        house.run(30s);
        REQUIRE(put_aside(house).size() == 1);
        CHECK((house.kernel.disk.content(put_aside(house)[0]).starts_with(bytes)));
        house.lose_power();
        REQUIRE(house.start());
        CHECK(house.stored() == 4'000 - lost);
        CHECK(house.counters().journal_damaged_bytes == 0);
    }
}

TEST_CASE("journal damage: what is behind damage is read, and damage at the end is kept, too",
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
            REQUIRE(house.start());
            CHECK(house.counters().journal_damaged_bytes == rest.size());
            CHECK((house.file() == journal_of(10) + rest + "\n"));
            REQUIRE(house.answered("emu", 1));
            house.kill();
            REQUIRE(house.start());
            CHECK(house.known("emu") == "1");
            house.run(2s);
            REQUIRE(put_aside(house).size() == 1);
            CHECK((house.kernel.disk.content(put_aside(house)[0])
                       .starts_with(journal_of(10) + rest + "\n")));
            CHECK(house.stored() == 11);
        }
        House house;
        const std::string bytes = journal_of(10) + rest + std::string(5'000, '\0') + ghost;
        house.kernel.disk.put(path, bytes + rest);
        REQUIRE(house.start());
        CHECK(house.stored() == 11);
        CHECK(house.known("ghost") == "1");
        // Before a line zeros are a hole.
        const std::size_t inside = rest.size() - rest.find_first_not_of('\0');
        CHECK(house.counters().journal_damaged_bytes == inside + rest.size());
        CHECK((house.file() == bytes + rest + "\n"));
        house.run(2s);
        REQUIRE(put_aside(house).size() == 1);
        CHECK((house.kernel.disk.content(put_aside(house)[0]) == bytes + rest + "\n"));
    }
}

TEST_CASE("journal damage: in pieces of any size what is lost is counted to the byte",
          "[herd][journal_load]") {
    sim::Random random(5);
    for (int round = 0; round < 60; ++round) {
        INFO(round);
        std::string bytes = random.chance(80) ? title() : "x\n";
        std::uint64_t torn = bytes == title() ? 0 : bytes.size();
        std::uint32_t records = 0;
        for (int part = 0; part < 40; ++part) {
            const std::size_t size = random.below(random.chance(20) ? 20'000 : 100);
            switch (random.below(4)) {
                case 0:
                    // Before the first line there is no hole.
                    if (torn == bytes.size()) torn += size;
                    bytes += std::string(size, '\0');
                    continue;
                case 1:
                    bytes += std::string(size, 'x') + "\n";
                    torn += size + 1;
                    continue;
                case 2:
                    bytes += std::string(size, '\n');
                    torn += size;
                    continue;
                default:
                    bytes += line_of(at_line(name(records++), 7));
            }
        }
        bytes += line_of(at_line(name(records++), 7));
        House house;
        house.config.journal.listen_first = random.chance(50);
        house.config.journal.pace.piece = 50 + random.below(5'000);
        house.config.journal.pace.lines_per_pump = 1 + random.below(40);
        if (random.chance(30)) {
            torn += 3;
            bytes += "x\n\n";
        }
        const bool ended = bytes.ends_with("x\n\n");
        // A piece of a line is what any kill may leave.
        const bool cut = !ended && random.chance(50);
        house.kernel.disk.put(path, bytes + (cut ? line_of(at_line("cut", 1)).substr(0, 30) : ""));
        REQUIRE(house.start());
        for (int i = 0; i < 20'000 && !house.process->server.journal().whole(); ++i) {
            house.run(100us);
        }
        REQUIRE(house.process->server.journal().whole());
        CHECK(house.stored() == records);
        CHECK(house.counters().journal_damaged_bytes == torn);
        house.run(2s);
        REQUIRE(put_aside(house).size() == (torn > 0 ? 1 : 0));
        if (ended) bytes += "\n";
        if (torn > 0) CHECK((house.kernel.disk.content(put_aside(house)[0]) == bytes));
        house.kill();
        house.config.journal.listen_first = false;
        REQUIRE(house.start());
        CHECK(house.stored() == records);
        CHECK(house.counters().journal_damaged_bytes == 0);
    }
}

TEST_CASE("journal damage: a bad line that nothing ends is as long as the file",
          "[herd][journal_load]") {
    House house;
    house.kernel.disk.put(
        path, journal_of(10) + std::string(3 << 20, 'x') + line_of(at_line("ghost", 1)));
    check_knows(house, 10);
}

TEST_CASE("journal damage: who is killed when a damaged file was put aside has lost no more of it",
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

TEST_CASE("journal damage: what was put aside is not overwritten within the same second",
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

TEST_CASE("journal damage: a title that is lost costs no record", "[herd][journal_load]") {
    const std::string behind = journal_of(10).substr(title().size());
    std::string flipped = title();
    flipped[10] ^= 1;
    const bool listen_first = GENERATE(false, true);
    for (const std::string& lost : {flipped,
                                    std::string(title().size(), '\0'),
                                    std::string(3 << 20, 'x') + "\n",
                                    std::string(3 << 20, '\0') + "x\n"}) {
        INFO(lost.size() << ' ' << listen_first);
        const std::string bytes = lost + behind;
        House house;
        house.config.journal.listen_first = listen_first;
        house.kernel.disk.put(path, bytes);
        REQUIRE(house.start());
        house.run(2s);
        CHECK(house.stored() == 10);
        CHECK(house.counters().journal_damaged_bytes == lost.size());
        CHECK(house.file().starts_with(title()));
        REQUIRE(put_aside(house).size() == 1);
        CHECK((house.kernel.disk.content(put_aside(house)[0]) == bytes));
        house.config.journal.listen_first = false;
        house.kill();
        check_knows(house, 10);
    }
}

TEST_CASE("journal damage: files that somebody has put together are one", "[herd][journal_load]") {
    const std::string behind = journal_of(10).substr(title().size());
    for (const std::string& bytes : {journal_of(5) + journal_of(10), behind}) {
        House house;
        house.kernel.disk.put(path, bytes);
        REQUIRE(house.start());
        CHECK(house.stored() == 10);
        CHECK(house.counters().journal_refused == 0);
        CHECK(house.counters().journal_damaged_bytes == 0);
        house.kill();
        check_knows(house, 10);
    }
}

}  // namespace damage_test
