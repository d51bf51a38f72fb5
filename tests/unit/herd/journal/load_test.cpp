#include "herd/journal/load.hpp"

#include "herd/journal/recovery.hpp"
#include "tests/unit/herd/journal/found_file.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace load_test {

using namespace herd::journal_test;

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

// Zeros stand for lines that others have replaced: those behind them count.
TEST_CASE("journal load: holes between lines are passed over", "[herd][journal_load]") {
    for (const std::size_t zeros : {1U, 5'000U, 1U << 20, 3U << 20}) {
        INFO(zeros);
        House house;
        const std::string hole(zeros, '\0');
        const std::string second = journal_of(10).substr(journal_of(5).size());
        const std::string good =
            title() + hole + journal_of(5).substr(title().size()) + hole + second;
        house.kernel.disk.put(path, good);
        REQUIRE(house.start());
        CHECK(house.stored() == 10);
        CHECK(house.file() == good);
        CHECK(house.counters().journal_damaged_bytes == 0);
        house.kill();
        check_knows(house, 10);
    }
}

TEST_CASE("journal load: without a line of a journal it is put aside", "[herd][journal_load]") {
    for (const std::string& bytes : {std::string("some other file\n"),
                                     std::string("x\n"),
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
        const std::string lost = GENERATE("", "x\n");
        House house;
        const std::string bytes = lost + line_of(other) + line_of(at_line("kiwi", 1));
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
