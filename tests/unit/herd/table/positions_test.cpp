#include "herd/geo/cell.hpp"
#include "herd/table/spoil.hpp"
#include "tests/unit/herd/table/table_model.hpp"

namespace positions_test {

namespace {

using namespace herd;
using namespace herd::table_model;
using table::LocationTable;

// The clients in the order of the index.
std::vector<std::string> in_order(const LocationTable& table) {
    std::vector<std::uint64_t> keys(table.size() + 1);
    keys.resize(table.positions()->copy(0, UINT64_MAX, keys));
    std::vector<std::string> clients;
    for (const std::uint64_t key : keys) {
        const table::Record& record = table.at(geo::slot_of(key));
        CHECK(key == geo::key_of(geo::Cell::of(record.spot), geo::slot_of(key)));
        clients.emplace_back(table.client(record));
    }
    return clients;
}

std::uint32_t slot(const LocationTable& table, const std::string& client) {
    return static_cast<std::uint32_t>(table.find(client) - &table.at(0));
}

using Clients = std::vector<std::string>;

}  // namespace

TEST_CASE("positions: clients are where their newest reports say, whoever took them (W5)",
          "[herd][table]") {
    LocationTable table;
    open(table, 4);
    CHECK(report(table, {.client = "a", .time = "1", .location = "+10+10"}) ==
          table::Stored::stored);
    CHECK(relay(table, {.client = "b", .time = "1", .location = "+20+20"}) ==
          table::Stored::stored);
    CHECK(in_order(table) == Clients{"a", "b"});
    CHECK(relay(table, {.client = "a", .time = "2", .location = "+30+30"}) ==
          table::Stored::stored);
    CHECK(in_order(table) == Clients{"b", "a"});
    CHECK(report(table, {.client = "a", .time = "1", .location = "+10+10"}) ==
          table::Stored::not_newer);
    CHECK(in_order(table) == Clients{"b", "a"});
    table.check(true);
}

TEST_CASE("positions: what is forgotten is nowhere, and what has its slot is elsewhere (W5)",
          "[herd][table]") {
    LocationTable table;
    open(table, 2);
    report(table, {.client = "a", .time = "1", .location = "+10+10"});
    report(table, {.client = "b", .time = "1", .location = "+20+20"});
    table.remove(slot(table, "a"));
    CHECK(in_order(table) == Clients{"b"});
    report(table, {.client = "c", .time = "1", .location = "-10-10"});
    CHECK(in_order(table) == Clients{"c", "b"});
    table.check(true);
}

TEST_CASE("positions: an index that is made once all is known has all of it (W5)",
          "[herd][table]") {
    LocationTable table;
    open(table, 4);
    report(table, {.client = "a", .time = "1", .location = "+10+10"});
    table.leave_positions();
    CHECK(relay(table, {.client = "a", .time = "2", .location = "+30+30"}) ==
          table::Stored::stored);
    report(table, {.client = "b", .time = "1", .location = "+20+20"});
    report(table, {.client = "c", .time = "1", .location = "-10-10"});
    table.remove(slot(table, "b"));
    report(table, {.client = "d", .time = "1", .location = "+25+25"});
    table.check(true);
    REQUIRE(table.index_positions().has_value());
    CHECK(in_order(table) == Clients{"c", "d", "a"});
    report(table, {.client = "a", .time = "3", .location = "+5+5"});
    table.remove(slot(table, "d"));
    CHECK(in_order(table) == Clients{"c", "a"});
    table.check(true);
}

TEST_CASE("positions: an empty table's index may be made at once, too", "[herd][table]") {
    LocationTable table;
    open(table, 2);
    table.leave_positions();
    REQUIRE(table.index_positions().has_value());
    CHECK(in_order(table).empty());
    table.check(true);
}

TEST_CASE("positions: a corrected position moves its client (W5)", "[herd][table]") {
    LocationTable table;
    open(table, 2);
    report(table, {.client = "a", .time = "1", .location = "+10+10"});
    report(table, {.client = "b", .time = "1", .location = "+20+20"});
    table::Spoiler spoiler(table);
    CHECK(spoiler.spoil_one(slot(table, "b")) == "b");
    CHECK(in_order(table) == Clients{"b", "a"});
    table.check(true);
}

TEST_CASE("positions: a place is as exact as its text", "[herd][table]") {
    LocationTable table;
    open(table, 4, 4);
    const auto place = [&](const std::string& location) {
        static int stamp = 0;
        report(table, {.client = "a", .time = std::to_string(++stamp), .location = location});
        table.check(true);
        return table.place(*table.find("a"));
    };
    CHECK(place("+34.068930-118.445127") == protocol::Iso6709{34.06893, -118.445127});
    CHECK(place("-0.1234567+0.7654321") == protocol::Iso6709{-0.1234567, 0.7654321});
    CHECK(place("+1.123456789-2.987654321") == protocol::Iso6709{1.123456789, -2.987654321});
    CHECK(place("+1." + std::string(300, '9') + "-179") == protocol::Iso6709{2, -179});
    CHECK(place("+90+180").latitude == 90);
}

TEST_CASE("positions: an index that is not wanted takes nothing", "[herd][table]") {
    LocationTable table;
    const table::LocationTable::Capacity capacity{
        .records = 2, .long_lines = 1, .long_line_size = long_line_size, .positions = false};
    REQUIRE(table.open(capacity, table::ClientHash(1, 2)).has_value());
    CHECK(table.positions() == nullptr);
    report(table, {.client = "a", .time = "1", .location = "+10+10"});
    report(table, {.client = "a", .time = "2", .location = "-10+10"});
    table.remove(slot(table, "a"));
    table.leave_positions();
    REQUIRE(table.index_positions().has_value());
    CHECK(table.positions() == nullptr);
    table.check(true);
}

}  // namespace positions_test
