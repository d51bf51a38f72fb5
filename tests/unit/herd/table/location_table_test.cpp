#include "tests/unit/herd/table/table_model.hpp"

namespace location_table_test {

using namespace herd::table_model;
using herd::table::LocationTable;
using herd::table::Record;
using herd::table::Stored;

TEST_CASE("table: a table answers a client's line byte for byte", "[herd][table]") {
    LocationTable table;
    open(table, 4);
    CHECK(table.find("c") == nullptr);
    const Line line{"c", "01.50", "+34.0-118", "Goloman", "-0.263873386"};
    CHECK(report(table, line) == Stored::stored);
    CHECK(stored(table, "c") == "AT Goloman -0.263873386 c +34.0-118 01.50");
    CHECK(table.find("") == nullptr);
    CHECK(table.find("c ") == nullptr);
    CHECK(table.find("cc") == nullptr);
}

TEST_CASE("table: hops behind a relayed line are not stored", "[herd][table]") {
    LocationTable table;
    open(table, 4);
    const std::string text = "AT  S +0.5\tc +1-1 1 Hop1 Hop2";
    const auto message = protocol::parse_peer_message(text);
    CHECK(table.relay(std::get<protocol::AtLine>(*message), 65) == Stored::stored);
    CHECK(stored(table, "c") == "AT S +0.5 c +1-1 1");
}

TEST_CASE("table: a client's own report replaces what is stored when time and place are greater",
          "[herd][table]") {
    LocationTable table;
    open(table, 4);
    const Line base{"c", "5", "+5-5", "M", "+5.000000000"};
    REQUIRE(report(table, base) == Stored::stored);
    // The same report said again, to whichever server and whenever, changes nothing.
    CHECK(report(table, {"c", "5", "+5-5", "Z", "+9.000000000"}) == Stored::not_newer);
    CHECK(report(table, {"c", "5.000", "+5-5", "Z", "+9.000000000"}) == Stored::not_newer);
    CHECK(report(table, {"c", "4.999999999", "+9-9", "Z"}) == Stored::not_newer);
    CHECK(report(table, {"c", "5", "+4-5", "Z"}) == Stored::not_newer);
    CHECK(stored(table, "c") == base.text());
    CHECK(report(table, {"c", "5", "+6-5", "A"}) == Stored::stored);
    CHECK(report(table, {"c", "5.000000001", "+0-0", "A"}) == Stored::stored);
}

TEST_CASE("table: a relayed report replaces what is stored when its whole version is greater",
          "[herd][table]") {
    LocationTable table;
    open(table, 4);
    REQUIRE(relay(table, {"c", "5", "+5-5", "M", "+5.000000000"}) == Stored::stored);
    CHECK(relay(table, {"c", "5", "+5-5", "M", "+5.000000000"}) == Stored::not_newer);
    CHECK(relay(table, {"c", "5", "+5-5", "L", "+9.000000000"}) == Stored::not_newer);
    CHECK(relay(table, {"c", "5.0", "+5-5", "M", "+5.000000000"}) == Stored::stored);
    CHECK(relay(table, {"c", "5", "+5-5", "M", "+6.000000000"}) == Stored::stored);
    CHECK(relay(table, {"c", "5", "+5-5", "N", "+0.000000000"}) == Stored::stored);
}

TEST_CASE("table: what is newer than what somebody has is a change once more, and only that",
          "[herd][table]") {
    LocationTable table;
    open(table, 4);
    const auto repeat = [&](const Line& line) {
        const std::string text = line.text();
        return table.repeat(Line::parsed(text));
    };
    REQUIRE(relay(table, {"c", "5", "+5-5", "M", "+5.000000000"}, 65) == Stored::stored);
    REQUIRE(report(table, {"d", "5"}) == Stored::stored);
    CHECK_FALSE(repeat({"c", "5", "+5-5", "M", "+5.000000000"}));
    CHECK_FALSE(repeat({"c", "6"}));
    CHECK_FALSE(repeat({"unknown", "1"}));
    CHECK(table.feed().seq() == 2);
    CHECK(repeat({"c", "5", "+5-5", "L", "+9.000000000"}));
    CHECK(table.find("c")->seq == 3);
    CHECK(repeat({"c", "4.999999999", "+9-9", "Z"}));
    CHECK(table.find("c")->seq == 4);
    CHECK(stored(table, "c") == Line{"c", "5", "+5-5", "M", "+5.000000000"}.text());
    CHECK(table.find("c")->source == 65);
    CHECK(table.size() == 2);
}

TEST_CASE("table: a stamp far ahead holds a client for the slack, and no longer", "[herd][table]") {
    // Received at 100 s, with a stamp of 2262: counts as of 160 s.
    const Line far{"c", "9223372036.000000000", "+9-9", "S", "-9223371936.000000000"};
    for (const bool own : {true, false}) {
        LocationTable table;
        open(table, 4);
        const auto take = [&](const Line& line) {
            return own ? report(table, line) : relay(table, line);
        };
        REQUIRE(take({"c", "99"}) == Stored::stored);
        CHECK(take(far) == Stored::stored);
        CHECK(stored(table, "c") == far.text());
        CHECK(take({"c", "159.999999999"}) == Stored::not_newer);
        CHECK(take({"c", "160.000000001"}) == Stored::stored);
        CHECK(take(far) == Stored::not_newer);
        // Said again it counts as made anew.
        CHECK(take({"c", far.time, "+9-9", "S", "-9223371900.000000000"}) == Stored::stored);
        table.check(true);
    }
}

TEST_CASE("table: stamps far ahead that come at one time go by what they say", "[herd][table]") {
    const Line first{"c", "5000.0", "+9-9", "S", "-4900.000000000"};
    const Line second{"c", "5001.0", "+1-1", "S", "-4901.000000000"};
    for (const bool own : {true, false}) {
        LocationTable table;
        open(table, 4);
        const auto take = [&](const Line& line) {
            return own ? report(table, line) : relay(table, line);
        };
        REQUIRE(take(first) == Stored::stored);
        CHECK(take(second) == Stored::stored);
        CHECK(take(first) == Stored::not_newer);
        CHECK(stored(table, "c") == second.text());
    }
}

TEST_CASE("table: a record knows which neighbour it came from, or that it came from none",
          "[herd][table]") {
    LocationTable table;
    open(table, 4);
    REQUIRE(relay(table, {"c", "1"}, 65) == Stored::stored);
    CHECK(table.find("c")->source == 65);
    // What changes nothing does not change that either.
    CHECK(relay(table, {"c", "1"}, 129) == Stored::not_newer);
    CHECK(table.find("c")->source == 65);
    REQUIRE(report(table, {"c", "2"}) == Stored::stored);
    CHECK(table.find("c")->source == 0);
}

TEST_CASE("table: a full table refuses new clients and goes on with those it knows",
          "[herd][table]") {
    LocationTable table;
    open(table, 2);
    REQUIRE(report(table, {"a", "1"}) == Stored::stored);
    REQUIRE(report(table, {"b", "1"}) == Stored::stored);
    CHECK(report(table, {"c", "1"}) == Stored::table_full);
    CHECK(relay(table, {"c", "2"}) == Stored::table_full);
    CHECK(table.find("c") == nullptr);
    CHECK(report(table, {"a", "2"}) == Stored::stored);
    CHECK(report(table, {"b", "1"}) == Stored::not_newer);
    CHECK(table.size() == 2);
    CHECK(table.feed().seq() == 3);
}

TEST_CASE("table: a line that fits its slot borrows nothing, one byte more does", "[herd][table]") {
    LocationTable table;
    open(table, 8, 2);
    const std::string fits = client_for(Record::inline_size_max);
    REQUIRE(report(table, {fits, "1"}) == Stored::stored);
    CHECK(stored(table, fits).size() == Record::inline_size_max);
    CHECK(table.long_lines_used() == 0);
    const std::string longer = client_for(Record::inline_size_max + 1);
    REQUIRE(report(table, {longer, "1"}) == Stored::stored);
    CHECK(stored(table, longer) == Line{longer, "1"}.text());
    CHECK(table.long_lines_used() == 1);
}

TEST_CASE("table: long lines are lent until none is left, and lent again when given back",
          "[herd][table]") {
    LocationTable table;
    open(table, 8, 2);
    const std::string decimals = "." + std::string(100, '3');
    const auto line = [&](const char* client, const char* time, bool is_long) {
        return Line{client, time, is_long ? "+1-1" + decimals : "+1-1"};
    };
    REQUIRE(report(table, line("a", "1", true)) == Stored::stored);
    REQUIRE(report(table, line("b", "1", true)) == Stored::stored);
    CHECK(report(table, line("c", "1", true)) == Stored::no_long_line);
    CHECK(table.find("c") == nullptr);
    // One that has a long line keeps it.
    CHECK(report(table, line("a", "2", true)) == Stored::stored);
    REQUIRE(report(table, line("c", "1", false)) == Stored::stored);
    CHECK(report(table, line("c", "2", true)) == Stored::no_long_line);
    CHECK(stored(table, "c") == line("c", "1", false).text());
    REQUIRE(report(table, line("a", "3", false)) == Stored::stored);
    CHECK(table.long_lines_used() == 1);
    REQUIRE(report(table, line("c", "2", true)) == Stored::stored);
    CHECK(stored(table, "a") == line("a", "3", false).text());
    CHECK(stored(table, "b") == line("b", "1", true).text());
    CHECK(stored(table, "c") == line("c", "2", true).text());
}

TEST_CASE("table: a table without long lines refuses each of them", "[herd][table]") {
    LocationTable table;
    open(table, 2, 0);
    CHECK(report(table, {client_for(Record::inline_size_max + 1), "1"}) == Stored::no_long_line);
    CHECK(table.size() == 0);
    CHECK(report(table, {"c", "1"}) == Stored::stored);
}

TEST_CASE("table: the longest line of all is stored whole, a longer one is refused",
          "[herd][table]") {
    LocationTable table;
    open(table, 2, 1);
    const std::string too_long = client_for(long_line_size + 1);
    CHECK(report(table, {too_long, "1"}) == Stored::no_long_line);
    CHECK(table.long_lines_used() == 0);
    const std::string longest = client_for(long_line_size);
    CHECK(report(table, {longest, "1"}) == Stored::stored);
    CHECK(stored(table, longest) == Line{longest, "1"}.text());
    CHECK(table.line_size_max() == long_line_size);
}

TEST_CASE("table: a table is found full of clients whose places collide", "[herd][table]") {
    // 48 places for 32 clients or more: whole rows of them collide.
    for (const std::uint32_t size : {1U, 2U, 3U, 4U, 32U, 33U}) {
        LocationTable table;
        open(table, size);
        for (std::uint32_t i = 0; i < size; ++i) {
            REQUIRE(report(table, {"c" + std::to_string(i), "1"}) == Stored::stored);
        }
        for (std::uint32_t i = 0; i < size; ++i) {
            const std::string client = "c" + std::to_string(i);
            REQUIRE(stored(table, client) == Line{client, "1"}.text());
        }
        CHECK(table.find("c" + std::to_string(size)) == nullptr);
    }
}

TEST_CASE("table: a table does what a map would, under random reports and relays",
          "[herd][table]") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        INFO("seed " << seed);
        sim::Random random(seed);
        const auto records = static_cast<std::uint32_t>(random.between(1, 24));
        const auto long_lines = static_cast<std::uint32_t>(random.between(0, 4));
        LocationTable table;
        open(table, records, long_lines);
        Model model(records, long_lines);
        std::uint64_t changes = 0;
        for (int i = 0; i < 400; ++i) {
            const Line line = random_line(random);
            const bool own = random.chance(50);
            const Stored expected = model.store(line, own);
            REQUIRE((own ? report(table, line) : relay(table, line)) == expected);
            changes += expected == Stored::stored ? 1U : 0U;
            REQUIRE(table.feed().seq() == changes);
        }
        check_equal(table, model);
    }
}

TEST_CASE("table: tables that hear the same relays in any order end up equal", "[herd][table]") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        INFO("seed " << seed);
        sim::Random random(seed);
        std::vector<Line> lines;
        for (int i = 0; i < 60; ++i) {
            lines.push_back(random_line(random));
            lines.back().location.resize(4);
        }
        LocationTable forward;
        LocationTable shuffled;
        open(forward, 24);
        open(shuffled, 24);
        for (const Line& line : lines) relay(forward, line);
        for (std::size_t i = lines.size(); i > 1; --i) {
            std::swap(lines[i - 1], lines[random.below(i)]);
        }
        for (const Line& line : lines) relay(shuffled, line);
        REQUIRE(forward.size() == shuffled.size());
        for (const Line& line : lines) {
            REQUIRE(stored(forward, line.client) == stored(shuffled, line.client));
        }
    }
}

}  // namespace location_table_test
