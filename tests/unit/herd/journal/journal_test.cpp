#include "herd/journal/journal.hpp"

#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace journal_test {

using namespace herd::journal_test;
using herd::config::Fsync;

TEST_CASE("journal: what was answered is known again after a kill", "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    REQUIRE(house.answered("kiwi", 5));
    REQUIRE(house.answered("dodo", 3));
    // Nothing was synced yet but the beginning.
    house.kill();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "5");
    CHECK(house.known("dodo") == "3");
    CHECK(house.stored() == 2);
    REQUIRE(house.answered("kiwi", 7));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "7");
    CHECK(house.file().starts_with(title()));
}

TEST_CASE("journal: a record is in the kernel's hands when its answer is", "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    for (std::uint64_t time = 1; time <= 200; ++time) {
        const std::string client = "c" + std::to_string(time % 7);
        std::string heard;
        house.report(client, time);
        while (heard.empty()) {
            house.run(1us);
            heard = house.hear();
        }
        CHECK(house.file().ends_with(line_of(heard.substr(0, heard.size() - 1))));
    }
}

TEST_CASE("journal: a server without one writes nothing", "[herd][journal]") {
    House house;
    house.config.journal = {};
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    CHECK_FALSE(house.kernel.disk.has(path));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.stored() == 0);
}

TEST_CASE("journal: long lines, and lines that a write takes in pieces", "[herd][journal]") {
    House house;
    house.kernel.disk.write_max = 7;
    const std::string client(3'000, 'l');
    REQUIRE(house.start());
    REQUIRE(house.answered(client, 1, 1ms));
    REQUIRE(house.answered("kiwi", 1));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.known(client) == "1");
    CHECK(house.known("kiwi") == "1");
}

TEST_CASE("journal: a loss of power takes at most what the last second brought",
          "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    house.run(10ms);
    REQUIRE(house.answered("early", 1));
    house.run(1s + 2ms);
    REQUIRE(house.answered("late", 1));
    REQUIRE(house.kernel.disk.syncs() <= 4);
    house.lose_power(11);
    REQUIRE(house.start());
    CHECK(house.known("early") == "1");
    CHECK(house.known("late").empty());
    // And it goes on behind what was good.
    REQUIRE(house.answered("late", 2));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.known("late") == "2");
}

TEST_CASE("journal: one that is idle is not synced", "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1));
    house.run(3s);
    const std::size_t syncs = house.kernel.disk.syncs();
    house.run(60s);
    CHECK(house.kernel.disk.syncs() == syncs);
    CHECK(house.kernel.disk.synced(path) == house.file());
}

TEST_CASE("journal: with fsync always, no answer comes before the disk has the report",
          "[herd][journal]") {
    House house(Fsync::always);
    house.kernel.disk.sync_ns = 5'000'000;
    REQUIRE(house.start());
    house.run(20ms);
    house.report("kiwi", 1);
    house.run(4ms);
    CHECK(house.hear().empty());
    house.run(2ms);
    CHECK(house.hear().starts_with("AT A "));
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "1");
}

TEST_CASE("journal: with fsync always, answers wait in their order and one sync is for many",
          "[herd][journal]") {
    House house(Fsync::always);
    house.kernel.disk.sync_ns = 10'000'000;
    REQUIRE(house.start());
    house.run(30ms);
    const std::size_t syncs = house.kernel.disk.syncs();
    house.say("nonsense\n");
    for (int i = 1; i <= 50; ++i) house.report("c", static_cast<std::uint64_t>(i));
    house.say("WHATSAT c 1 0\nmore\n");
    house.run(40ms);
    const std::string heard = house.hear();
    CHECK(std::ranges::count(heard, '\n') >= 53);
    CHECK(heard.starts_with("? nonsense\nAT A "));
    CHECK(heard.ends_with("? more\n"));
    CHECK(house.kernel.disk.syncs() <= syncs + 3);
    // What changes nothing waits for nothing, once it is there.
    CHECK(house.answered("c", 50));
    CHECK(house.answered("c", 7));
    // Nor does a question.
    house.report("c", 60);
    house.say("WHATSAT c 1 0\n");
    house.run(1ms);
    CHECK(house.hear().empty());
}

TEST_CASE("journal: with fsync always, a client may go while its answer waits", "[herd][journal]") {
    House house(Fsync::always);
    house.kernel.disk.sync_ns = 5'000'000;
    REQUIRE(house.start());
    house.run(20ms);
    house.report("kiwi", 1);
    house.run(1ms);
    house.hang_up();
    house.run(20ms);
    CHECK(house.process->server.clients().size() == 0);
    CHECK(house.answered("kiwi", 2, 20ms));
    // One that has no more to say is answered, too.
    house.report("kiwi", 3);
    house.kernel.enter(2);
    house.kernel.shutdown_write(house.fd);
    house.run(20ms);
    CHECK(house.hear().ends_with(" 3\n"));
    CHECK(house.process->server.clients().size() == 0);
}

TEST_CASE("journal: a disk that is full stops no answer, and all is written when it is not",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    House house(fsync);
    REQUIRE(house.start());
    REQUIRE(house.answered("kiwi", 1, 10ms));
    house.kernel.disk.space = 50;
    for (std::uint64_t i = 2; i < 100; ++i) REQUIRE(house.answered("kiwi", i, 10ms));
    CHECK(house.counters().journal_failures > 0);
    CHECK_FALSE(house.kernel.disk.has(next_path));
    SECTION("killed meanwhile, it has what could be written") {
        house.kill();
        REQUIRE(house.start());
        CHECK(house.known("kiwi") == "1");
    }
    SECTION("when there is room, all of it is there again") {
        house.run(10s);
        CHECK(house.counters().journal_failures < 8);
        house.kernel.disk.space = SIZE_MAX;
        house.run(32s);
        CHECK(house.counters().journal_renewals == 1);
        CHECK(house.kernel.disk.synced(path) == house.file());
        REQUIRE(house.answered("dodo", 1, 10ms));
        house.kill();
        REQUIRE(house.start());
        CHECK(house.known("kiwi") == "99");
        CHECK(house.known("dodo") == "1");
    }
}

// A record that changes again leaves its place in the feed; what was answered of it must not be
// taken for written then.
TEST_CASE("journal: an answer waits for its record, though that changes meanwhile",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    bool all = false;
    for (int steps = 0; !all; ++steps) {
        REQUIRE(steps < 200);
        House house(fsync);
        house.config.journal.pace.overdue_per_pump = 1;
        REQUIRE(house.start());
        house.run(10ms);
        // A round, and a write while it lasts, which the others come after.
        house.kernel.disk.sync_ns = 30'000'000;
        house.kernel.disk.write_ns = 10'000'000;
        house.run(1s);
        for (const auto& [client, time] : {std::pair{"first", 1U},
                                           {"emu", 1U},
                                           {"kiwi", 1U},
                                           {"emu", 2U},
                                           {"kiwi", 2U},
                                           {"emu", 3U}}) {
            house.report(client, time);
            house.run(1ms);
        }
        house.run(steps * 1ms);
        const std::string heard = house.hear();
        const auto answered = [&](const std::string& client) {
            std::uint64_t time = 3;
            const std::string before = " " + client + " +34.068930-118.445127 ";
            while (time > 0 && heard.find(before + std::to_string(time)) == std::string::npos)
                --time;
            return time;
        };
        all = answered("emu") == 3;
        house.kill();
        REQUIRE(house.start());
        INFO(steps);
        for (const char* const client : {"first", "emu", "kiwi"}) {
            CHECK(std::stoull("0" + house.known(client)) >= answered(client));
        }
    }
}

TEST_CASE("journal: a server that shuts down has all of it on the disk", "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    House house(fsync);
    REQUIRE(house.start());
    house.run(100ms);
    house.report("kiwi", 1);
    house.run(10us);
    REQUIRE(house.shut_down());
    CHECK(house.hear().starts_with("AT A "));
    house.lose_power();
    REQUIRE(house.start());
    CHECK(house.known("kiwi") == "1");
}

TEST_CASE("journal: a disk that never answers delays the end by shutdown_ms at most",
          "[herd][journal]") {
    House house;
    REQUIRE(house.start());
    house.run(100ms);
    house.kernel.disk.sync_ns = 3'600'000'000'000;
    REQUIRE(house.answered("kiwi", 1));
    CHECK(house.shut_down());
}

TEST_CASE("journal: by chance, nothing that was answered is lost", "[herd][journal]") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        INFO(seed);
        sim::Random random(seed);
        const auto fsync = random.chance(60) ? Fsync::always : Fsync::second;
        House house(fsync, seed);
        if (random.chance(50)) house.kernel.disk.put(path, long_one());
        house.kernel.disk.sync_ns = random.between(10'000, 30'000'000);
        if (random.chance(50)) house.kernel.disk.write_max = 1'000;
        std::uint64_t answered[4] = {};
        REQUIRE(house.start());
        for (std::uint64_t time = 10; time < 400; ++time) {
            const std::size_t client = random.below(4);
            const std::string name = "c" + std::to_string(client);
            if (house.answered(name, time, random.between(1, 30) * 1ms)) answered[client] = time;
            // What troubles the disk for a while.
            sim::FakeDisk& disk = house.kernel.disk;
            const auto dice = random.below(100);
            if (dice == 0) disk.space = random.below(2'000);
            if (dice == 1) disk.faults.sync = EIO;
            if (dice == 2) disk.faults.rename = EROFS;
            if (dice == 3) disk.faults.open = EMFILE;
            if (dice < 8 && dice > 3) {
                disk.faults = {};
                disk.space = SIZE_MAX;
            }
            if (dice != 99) continue;
            // In trouble, what is answered may be lost: that is over, all is on the disk again.
            disk.faults = {};
            disk.space = SIZE_MAX;
            house.run(32s);
            const bool power = random.chance(50);
            for (int i = 0; i < 5; ++i) {
                ++time;
                const auto timeout = random.between(1, 30) * 1ms;
                const bool counts = fsync == Fsync::always || !power;
                if (house.answered(name, time, timeout) && counts) answered[client] = time;
            }
            power ? house.lose_power(random.below(200)) : house.kill();
            REQUIRE(house.start());
            for (std::size_t each = 0; each < 4; ++each) {
                const std::string stamp = house.known("c" + std::to_string(each));
                CHECK(std::stoull("0" + stamp) >= answered[each]);
            }
        }
    }
}

}  // namespace journal_test
