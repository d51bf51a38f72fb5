#pragma once

#include "herd/table/location_table.hpp"
#include "herd/table/rules.hpp"
#include "protocol/peer_message.hpp"
#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

// A table, reports to put into it, and the same in the plainest way.
namespace herd::table_model {

inline constexpr std::uint32_t long_line_size = 512;

inline void open(table::LocationTable& table, std::uint32_t records, std::uint32_t long_lines = 1) {
    REQUIRE(table.open({records, long_lines, long_line_size}, herd::table::ClientHash(3, 4))
                .has_value());
}

// The fields of an AT line in the order in which versions go.
struct Line {
    std::string client;
    std::string time;
    std::string location = "+1-1";
    std::string server = "S";
    std::string skew = "+0.000000000";

    std::string text() const {
        return "AT " + server + " " + skew + " " + client + " " + location + " " + time;
    }
    static protocol::AtLine parsed(const std::string& text) {
        const auto message = protocol::parse_peer_message(text);
        REQUIRE(message.has_value());
        return std::get<protocol::AtLine>(*message);
    }
    std::int64_t nanoseconds() const { return protocol::parse_posix_time(time)->nanoseconds; }
    // Nobody has a stamp that far ahead, or it is by this much.
    std::int64_t effective() const {
        const std::int64_t ahead = -*protocol::parse_skew(skew) - table::rules::slack_ns;
        return nanoseconds() - std::max<std::int64_t>(ahead, 0);
    }
    auto version() const {
        return std::tuple(effective(), nanoseconds(), location, server, skew, time);
    }
};

inline table::Stored report(table::LocationTable& table, const Line& line) {
    const std::string text = line.text();
    return table.report(Line::parsed(text));
}

inline table::Stored relay(table::LocationTable& table,
                           const Line& line,
                           std::uint32_t source = 65) {
    const std::string text = line.text();
    return table.relay(Line::parsed(text), source);
}

inline std::string stored(const table::LocationTable& table, const std::string& client) {
    const table::Record* record = table.find(client);
    return record == nullptr ? "" : std::string(table.line(*record));
}

// An identifier that makes the AT line of `client` that long.
inline std::string client_for(std::size_t line_size) {
    return std::string(line_size - Line{"", "1"}.text().size(), 'x');
}

// The whole table in the plainest way.
class Model {
public:
    Model(std::uint32_t records, std::uint32_t long_lines)
        : records_(records), long_lines_(long_lines) {}

    table::Stored store(const Line& line, bool own) {
        const auto found = lines_.find(line.client);
        if (found == lines_.end() && lines_.size() == records_) return table::Stored::table_full;
        if (found != lines_.end()) {
            const Line& old = found->second;
            const auto report = [](const Line& said) {
                return std::tuple(said.effective(), said.nanoseconds(), said.location);
            };
            const bool newer = own ? report(line) > report(old) : line.version() > old.version();
            if (!newer) return table::Stored::not_newer;
        }
        const bool had = found != lines_.end() && is_long(found->second);
        if (line.text().size() > long_line_size) return table::Stored::no_long_line;
        if (is_long(line) && !had && long_used() == long_lines_) return table::Stored::no_long_line;
        lines_[line.client] = line;
        return table::Stored::stored;
    }
    void remove(const std::string& client) { lines_.erase(client); }
    static bool is_long(const Line& line) {
        return line.text().size() > table::Record::inline_size_max;
    }
    std::uint32_t long_used() const {
        return static_cast<std::uint32_t>(
            std::ranges::count_if(lines_, [](const auto& entry) { return is_long(entry.second); }));
    }
    const std::map<std::string, Line>& lines() const { return lines_; }

private:
    std::uint32_t records_;
    std::uint32_t long_lines_;
    std::map<std::string, Line> lines_;
};

inline Line random_line(sim::Random& random) {
    constexpr const char* skews[] = {"+0.000000000", "+0.5", "-1.0", "-61.000000000", "-62"};
    constexpr const char* fractions[] = {"", ".5", ".50", ".500000001"};
    Line line;
    line.client = "c" + std::to_string(random.below(24));
    line.time = std::to_string(random.below(6)) + fractions[random.below(4)];
    line.location = "+" + std::to_string(random.below(3)) + "-1";
    line.server = std::string(1, static_cast<char>('A' + random.below(3)));
    line.skew = skews[random.below(5)];
    // Decimals make a line long, or too long.
    if (random.chance(1)) {
        line.location += "." + std::string(long_line_size, '7');
    } else if (random.chance(20)) {
        line.location += "." + std::string(60 + random.below(60), '7');
    }
    return line;
}

inline void check_equal(const table::LocationTable& table, const Model& model) {
    table.check(true);
    REQUIRE(table.size() == model.lines().size());
    REQUIRE(table.size() <= table.slots());
    REQUIRE(table.long_lines_used() == model.long_used());
    for (const auto& [client, line] : model.lines()) {
        const table::Record* record = table.find(client);
        REQUIRE(record != nullptr);
        REQUIRE(table.line(*record) == line.text());
        REQUIRE(table.client(*record) == client);
        REQUIRE(table.location(*record) == line.location);
        const herd::table::Version version = table.version(*record);
        REQUIRE(version.effective_ns == line.effective());
        REQUIRE(version.location == line.location);
        REQUIRE(version.server == line.server);
        REQUIRE(version.skew_text == line.skew);
        REQUIRE(version.time_text == line.time);
    }
    REQUIRE(table.find("c99") == nullptr);
}

}  // namespace herd::table_model
