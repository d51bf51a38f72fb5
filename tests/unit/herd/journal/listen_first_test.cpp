#include "herd/journal/file.hpp"
#include "herd/journal/journal.hpp"
#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <variant>

namespace listen_first_test {

using namespace herd::journal_test;
using herd::config::Fsync;
using What = reactor::sys::Errand::What;

namespace {

constexpr int clients = 2'000;

std::string name(int number) {
    return "c" + std::to_string(number);
}

// A line of each client, in their order.
std::string whole_one() {
    std::string bytes = title();
    for (int i = 0; i < clients; ++i) bytes += line_of(at_line(name(i), 7));
    return bytes;
}

// A server that listens before it has read that file, a few lines at a time.
struct Listening : House {
    explicit Listening(Fsync fsync = Fsync::second, const std::string& bytes = whole_one())
        : House(fsync) {
        config.journal.listen_first = true;
        config.journal.pace.piece = 3'000;
        config.journal.pace.lines_per_pump = 8;
        kernel.disk.put(path, bytes);
    }

    std::string_view state() const { return process->server.journal().state(); }
    bool whole() const { return process->server.journal().whole(); }
    // Whether it is whole in time.
    bool read_all(reactor::Duration timeout = 10s) {
        for (; timeout > 0s && !whole(); timeout -= 100us) run(100us);
        return whole();
    }
};

}  // namespace

TEST_CASE("journal listen first: it answers with what it has read, and reports when that is all",
          "[herd][journal]") {
    const auto fsync = GENERATE(Fsync::second, Fsync::always);
    Listening house(fsync);
    REQUIRE(house.start());
    house.run(20ms);
    CHECK(house.state() == "loading");
    REQUIRE(house.process->server.journal().loaded() > 8);
    CHECK(house.process->server.journal().loaded() < clients);
    house.say("WHATSAT c0 10 1\n");
    house.run(10ms);
    CHECK(house.hear().starts_with("AT A +0.000000001 c0 "));
    const std::string last = "WHATSAT " + name(clients - 1) + " 10 1";
    house.say(last + "\n");
    house.run(10ms);
    CHECK(house.hear() == "? " + last + "\n");
    CHECK_FALSE(house.answered("kiwi", 1, 20ms));
    CHECK_FALSE(house.answered("c1", 8, 20ms));
    CHECK(house.known("kiwi") == "1");
    CHECK((house.file() == whole_one()));
    REQUIRE(house.read_all());
    CHECK(house.state() == "ok");
    house.run(100ms);
    const std::string heard = house.hear();
    CHECK(heard.find(" kiwi ") != std::string::npos);
    CHECK(heard.find(" c1 ") != std::string::npos);
    // What was answered is there, whatever comes.
    fsync == Fsync::always ? house.lose_power() : house.kill();
    house.config.journal.listen_first = false;
    REQUIRE(house.start());
    CHECK(house.stored() == clients + 1);
    CHECK(house.known("kiwi") == "1");
    CHECK(house.known("c1") == "8");
    CHECK(house.known(name(clients - 1)) == "7");
}

TEST_CASE("journal listen first: what was read is not written again", "[herd][journal]") {
    Listening house;
    REQUIRE(house.start());
    house.report("kiwi", 1);
    REQUIRE(house.read_all());
    house.run(200us);
    const std::string added = house.file(whole_one().size());
    CHECK(std::ranges::count(added, '\n') == 1);
    CHECK(added.find(" kiwi ") != std::string::npos);
}

// Else a new file takes its place that has next to nothing, as the walk of the feed begins at 0.
TEST_CASE("journal listen first: who has less than was read does not have all that the file has",
          "[herd][journal]") {
    herd::table::LocationTable table;
    REQUIRE(table.open({.records = 8, .long_lines = 1, .long_line_size = 256},
                       herd::table::ClientHash(1, 2)));
    for (int i = 0; i < 3; ++i) {
        const std::string line = at_line(name(i), 7);
        const auto message = protocol::parse_peer_message(line);
        REQUIRE(message);
        table.relay(std::get<protocol::AtLine>(*message), herd::journal::loaded_source);
    }
    herd::journal::File file(table, 3, 100, {});
    CHECK(file.last_seq() == 0);
    file.leave_out(herd::journal::loaded_source);
    CHECK(file.seq() == 0);
    CHECK(file.last_seq() == 3);
}

TEST_CASE("journal listen first: who is killed before the end leaves the file as it was",
          "[herd][journal]") {
    Listening house;
    REQUIRE(house.start());
    house.run(20ms);
    REQUIRE_FALSE(house.whole());
    SECTION("by a signal that asks it to end") {
        CHECK(house.shut_down());
    }
    SECTION("by one that does not") {
        CHECK_FALSE(house.answered("kiwi", 1, 10ms));
        house.kill();
    }
    SECTION("by the power") {
        CHECK_FALSE(house.answered("kiwi", 1, 10ms));
        house.lose_power();
    }
    CHECK((house.file() == whole_one()));
    house.kill();
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.stored() == clients);
}

TEST_CASE("journal listen first: whoever ends it has the answers that are owed",
          "[herd][journal]") {
    Listening house;
    REQUIRE(house.start());
    CHECK_FALSE(house.answered("kiwi", 1, 20ms));
    REQUIRE_FALSE(house.whole());
    CHECK(house.shut_down());
    CHECK(house.hear().find(" kiwi ") != std::string::npos);
    house.kill();
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.known("kiwi") == "1");
    CHECK(house.stored() == clients + 1);
}

TEST_CASE("journal listen first: what must not be gone on with is found before it listens",
          "[herd][journal]") {
    SECTION("another server's") {
        Listening house(Fsync::second, line_of("HERD-JOURNAL 1 B"));
        CHECK_FALSE(house.start());
        CHECK(house.error.find("another server's") != std::string::npos);
    }
    SECTION("another process keeps it") {
        Listening house;
        house.kernel.enter(3);
        const auto fd = reactor::sys::open_to_keep(path);
        REQUIRE(fd.has_value());
        CHECK_FALSE(house.start());
        CHECK(house.error.find("another process keeps it") != std::string::npos);
        house.kernel.enter(3);
        reactor::sys::close(*fd);
    }
    SECTION("no journal at all: it is put aside") {
        const std::string bytes = std::string(10'000, 'x') + "\n";
        Listening house(Fsync::second, bytes);
        REQUIRE(house.start());
        const auto aside = house.kernel.disk.paths(std::string(path) + ".bad-");
        REQUIRE(aside.size() == 1);
        CHECK(house.kernel.disk.content(aside[0]) == bytes);
        REQUIRE(house.read_all());
        CHECK(house.answered("kiwi", 1, 100ms));
    }
}

TEST_CASE("journal listen first: what is torn at its end is cut off", "[herd][journal]") {
    const std::string good = whole_one();
    Listening house(Fsync::second, good + line_of(at_line("kiwi", 1)).substr(0, 30));
    REQUIRE(house.start());
    house.run(1ms);
    CHECK(house.file().size() == good.size() + 30);
    house.report("emu", 1);
    REQUIRE(house.read_all());
    house.run(200us);
    CHECK(house.file().starts_with(good));
    const std::string added = house.file(good.size());
    CHECK(std::ranges::count(added, '\n') == 1);
    CHECK(added.find(" emu ") != std::string::npos);
    house.kill();
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.stored() == clients + 1);
}

TEST_CASE("journal listen first: what has rotted inside it costs its line, and the file is kept",
          "[herd][journal]") {
    std::string rotten = whole_one();
    rotten[rotten.size() / 2] ^= 1;
    Listening house(Fsync::second, rotten);
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.stored() == clients - 1);
    CHECK(house.counters().journal_damaged_bytes > 0);
    house.run(30s);
    const auto aside = house.kernel.disk.paths(std::string(path) + ".bad-");
    REQUIRE(aside.size() == 1);
    CHECK((house.kernel.disk.content(aside[0]) == rotten));
}

TEST_CASE("journal listen first: files that were put aside as refused are read, too",
          "[herd][journal]") {
    Listening house;
    house.kernel.disk.put(std::string(path) + ".refused-1", title() + line_of(at_line("emu", 1)));
    house.kernel.disk.put(std::string(path) + ".refused-2", title() + line_of(at_line("kiwi", 1)));
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.stored() == clients + 2);
    // All was taken, and is on the disk soon.
    house.run(30s);
    CHECK(house.kernel.disk.paths(std::string(path) + ".refused").empty());
    house.lose_power();
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.stored() == clients + 2);
}

TEST_CASE("journal listen first: what it has no room for is kept beside", "[herd][journal]") {
    Listening house;
    house.config.limits.clients = clients / 2;
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.counters().journal_refused == clients / 2);
    house.run(30s);
    CHECK(house.kernel.disk.content(std::string(path) + ".refused-1") == whole_one());
}

TEST_CASE("journal listen first: a disk that hangs is a failed journal, until it answers",
          "[herd][journal]") {
    Listening house;
    REQUIRE(house.start());
    house.run(10ms);
    house.kernel.disk.hang(What::call, sim::FakeDisk::for_good);
    CHECK_FALSE(house.answered("kiwi", 1, 4s));
    CHECK(house.state() == "loading");
    house.run(2s);
    CHECK(house.hear().find(" kiwi ") != std::string::npos);
    CHECK(house.state() == "failed");
    CHECK_FALSE(house.whole());
    CHECK(house.counters().journal_failures == 1);
    CHECK(house.answered("emu", 1));
    CHECK((house.file() == whole_one()));
    SECTION("then it reads on") {
        house.kernel.disk.recover();
        house.kernel.hurry_mailboxes(1);
        REQUIRE(house.read_all());
        house.run(40s);
        CHECK(house.state() == "ok");
        house.lose_power();
        REQUIRE(house.start());
        REQUIRE(house.read_all());
        CHECK(house.stored() == clients + 2);
        CHECK(house.known("kiwi") == "1");
    }
    SECTION("or ends, and leaves the file as it was") {
        CHECK(house.shut_down());
        CHECK((house.file() == whole_one()));
    }
}

TEST_CASE("journal listen first: a file that cannot be read to its end is put aside whole",
          "[herd][journal]") {
    Listening house;
    REQUIRE(house.start());
    house.run(10ms);
    house.kernel.disk.faults.read = EIO;
    CHECK_FALSE(house.answered("kiwi", 1, 1us));
    REQUIRE(house.read_all());
    house.run(1ms);
    CHECK(house.hear().find(" kiwi ") != std::string::npos);
    CHECK(house.state() == "failed");
    CHECK((house.file() == whole_one()));
    house.run(40s);
    CHECK(house.state() == "ok");
    const auto aside = house.kernel.disk.paths(std::string(path) + ".bad-");
    REQUIRE(aside.size() == 1);
    CHECK(house.kernel.disk.content(aside[0]) == whole_one());
    house.kernel.disk.faults.read = 0;
    house.kill();
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.known("kiwi") == "1");
    CHECK(house.known("c0") == "7");
}

TEST_CASE("journal listen first: without a file it is whole at once", "[herd][journal]") {
    Listening house;
    static_cast<void>(house.kernel.disk.remove(path));
    REQUIRE(house.start());
    CHECK(house.answered("kiwi", 1, 100ms));
    house.kill();
    REQUIRE(house.start());
    REQUIRE(house.read_all());
    CHECK(house.known("kiwi") == "1");
}

}  // namespace listen_first_test
