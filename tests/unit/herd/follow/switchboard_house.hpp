#pragma once

#include "herd/follow/switchboard.hpp"
#include "herd/log.hpp"
#include "reactor/stream.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/unit/herd/table/table_model.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace herd::switchboard_house {

using table_model::Line;

// Sessions that remember what they were told, and of each number what holds now.
class Readers final : public follow::Outlet {
public:
    struct Reader {
        bool blocked = false;
        std::string said = {};
        // By number, then by client: its AT line.
        std::map<int, std::map<std::string, std::string>> known = {};
        std::string deaf_to = {};
        bool deaf = false;  // to all
    };

    explicit Readers(std::size_t count) : readers(count) {}

    Flow flow(std::uint32_t session, std::size_t size) const override {
        if (readers.at(session).blocked) return Flow::blocked;
        return size > room ? Flow::full : Flow::open;
    }
    std::span<char> reserve(std::uint32_t session, std::size_t size) override {
        REQUIRE_FALSE(readers.at(session).blocked);
        REQUIRE(size <= room);
        return buffer_;
    }
    void commit(std::uint32_t session, std::string_view text) override {
        REQUIRE(text.ends_with('\n'));
        room -= text.size();
        ++commits;
        readers.at(session).said += text;
        std::istringstream lines{std::string(text)};
        for (std::string line; std::getline(lines, line);) take(readers.at(session), line);
    }
    bool may_hear(std::uint32_t session, std::string_view client) const override {
        return may_hear(session) && client != readers.at(session).deaf_to;
    }
    bool may_hear(std::uint32_t session) const override { return !readers.at(session).deaf; }

    std::vector<Reader> readers;
    std::size_t room = SIZE_MAX;  // bytes that may still be told before the next flush
    std::size_t commits = 0;

private:
    static void take(Reader& reader, const std::string& line) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        if (kind == "FOLLOW") {
            std::string server;
            int number = 0;
            words >> server >> number;
            reader.known[number].clear();
        } else if (kind == "NOW") {
            int number = 0;
            std::string at;
            std::string server;
            std::string skew;
            std::string client;
            words >> number >> at >> server >> skew >> client;
            reader.known[number][client] = line.substr(line.find("AT "));
        } else {
            REQUIRE(kind == "GONE");
            int number = 0;
            std::string client;
            words >> number >> client;
            reader.known[number].erase(client);
        }
    }

    std::string buffer_ = std::string(1 << 16, '\0');
};

// A table, its switchboard and those who follow.
struct House {
    explicit House(std::size_t sessions = 4,
                   const config::Limits& wanted = {.clients = 200,
                                                   .connections = 4,
                                                   .subscriptions = 40,
                                                   .subscriptions_per_client = 12})
        : limits(wanted), readers(sessions) {
        kernel.enter(1);
        REQUIRE(loop.open({.watches = 4, .timers = 4}).has_value());
        REQUIRE(wire.open({.blocks = 256}).has_value());
        table_model::open(table, limits.clients, 100);
        REQUIRE(switchboard.map().has_value());
    }
    ~House() {
        for (std::uint32_t i = 0; i < readers.readers.size(); ++i) switchboard.forget(i);
    }

    bool report(const std::string& client, const std::string& location) {
        return table_model::report(
                   table,
                   {.client = client, .time = std::to_string(++time), .location = location}) ==
               table::Stored::stored;
    }
    void remove(const std::string& client) { table.remove(table.slot(*table.find(client))); }
    void push() {
        kernel.enter(1);
        switchboard.push();
    }
    // Everybody reads, until there is nothing more to tell.
    void settle() {
        readers.room = SIZE_MAX;
        for (std::uint32_t i = 0; i < readers.readers.size(); ++i) {
            readers.readers[i].blocked = false;
            if (switchboard.follows(i)) switchboard.resume(i);
        }
        for (std::size_t before = SIZE_MAX; before != readers.commits;) {
            before = readers.commits;
            for (int i = 0; i < 3; ++i) push();
        }
    }
    // What a reader has been told since the last time.
    std::string heard(std::uint32_t session) {
        return std::exchange(readers.readers[session].said, {});
    }

    sim::FakeKernel kernel{1};
    config::Limits limits;
    reactor::Loop loop;
    reactor::Wire wire{loop};
    table::LocationTable table;
    Log log{loop};
    watch::Counters counters;
    std::int64_t max_future_ms = 0;
    Core core{loop, wire, table, log, counters, limits, "S", 1, max_future_ms, 0};
    Readers readers;
    follow::Switchboard switchboard{core, *table.positions(), readers};
    std::int64_t time = 1'000;
};

inline geo::Circle circle(double latitude, double longitude, double radius_m) {
    return {{.latitude = latitude, .longitude = longitude}, radius_m};
}

}  // namespace herd::switchboard_house
