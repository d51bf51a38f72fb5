#include "tests/unit/herd/table/table_model.hpp"

namespace location_table_remove_test {

using namespace herd::table_model;
using herd::table::LocationTable;
using herd::table::Record;
using herd::table::Stored;

TEST_CASE("table: a table does what a map would when some of it is forgotten, too",
          "[herd][table]") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        INFO("seed " << seed);
        sim::Random random(seed);
        // 33 places at the least: crowded, and a row of them may go round the end.
        const auto records = static_cast<std::uint32_t>(random.between(1, 24));
        LocationTable table;
        open(table, records, 2);
        Model model(records, 2);
        for (int i = 0; i < 400; ++i) {
            const Line line = random_line(random);
            const Record* known = table.find(line.client);
            if (known != nullptr && random.chance(40)) {
                const auto slot = static_cast<std::uint32_t>(known - &table.at(0));
                table.remove(slot);
                model.remove(line.client);
                REQUIRE_FALSE(table.used(slot));
            } else {
                REQUIRE(report(table, line) == model.store(line, true));
            }
            check_equal(table, model);
            REQUIRE(table.slots() <= records);
        }
        // What is left of the digest is what a table of the same records has.
        LocationTable fresh;
        open(fresh, records, 2);
        for (const auto& [_, line] : model.lines()) report(fresh, line);
        REQUIRE(fresh.digest().root() == table.digest().root());
    }
}

TEST_CASE("table: the feed has what is left, in its order", "[herd][table]") {
    LocationTable table;
    open(table, 4);
    herd::table::FeedCursor cursor(table.feed());
    cursor.seek_start();
    for (const char* client : {"a", "b", "c", "d"})
        REQUIRE(report(table, {client, "1"}) == Stored::stored);
    const auto forget = [&](const char* client) {
        table.remove(static_cast<std::uint32_t>(table.find(client) - &table.at(0)));
    };
    forget("a");
    REQUIRE(cursor.peek() == table.find("b"));
    cursor.advance();
    forget("c");
    CHECK(cursor.passed() == 3);
    REQUIRE(cursor.peek() == table.find("d"));
    forget("d");
    CHECK(cursor.peek() == nullptr);
    CHECK(cursor.passed() == 4);
    REQUIRE(report(table, {"e", "1"}) == Stored::stored);
    CHECK(cursor.peek() == table.find("e"));
    CHECK(table.slots() == 4);
    CHECK(table.size() == 2);
    forget("b");
    forget("e");
    cursor.seek_start();
    CHECK(cursor.peek() == nullptr);
    CHECK(table.digest().root() == 0);
}

}  // namespace location_table_remove_test
