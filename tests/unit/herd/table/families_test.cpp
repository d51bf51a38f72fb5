#include "herd/table/families.hpp"

#include "tests/unit/herd/table/table_model.hpp"

#include <array>
#include <set>
#include <span>

namespace families_test {

using namespace herd;
using namespace herd::table_model;
using table::Families;
using table::LocationTable;

namespace {

using Names = std::set<std::string>;

void open_with_families(LocationTable& table, std::uint32_t records) {
    REQUIRE(table
                .open({.records = records,
                       .long_lines = 2,
                       .long_line_size = long_line_size,
                       .families = true},
                      table::ClientHash(3, 4))
                .has_value());
}

Names found(const LocationTable& table, const std::string& family, std::size_t most = 64) {
    std::array<std::uint64_t, 64> slots{};
    Names names;
    const std::size_t count = table.family(family, std::span(slots).first(most));
    for (const std::uint64_t slot : std::span(slots).first(count)) {
        names.emplace(table.client(table.at(static_cast<std::uint32_t>(slot))));
    }
    CHECK(names.size() == count);
    return names;
}

void forget(LocationTable& table, const std::string& client) {
    table.remove(table.slot(*table.find(client)));
}

}  // namespace

TEST_CASE("families: an id's is what stands before its first slash, and that", "[herd][table]") {
    CHECK(Families::of("ada/phone") == "ada/");
    CHECK(Families::of("ada/phone/2") == "ada/");
    CHECK(Families::of("/x") == "/");
    CHECK(Families::of("ada/") == "ada/");
    CHECK(Families::of("ada").empty());
    CHECK(Families::of("").empty());
}

TEST_CASE("families: each client is in its own, as long as it is known", "[herd][table]") {
    LocationTable table;
    open_with_families(table, 8);
    for (const char* client : {"ada/phone", "ada/bike", "adam/phone", "ada", "/ada/phone"}) {
        REQUIRE(report(table, {client, "1"}) == table::Stored::stored);
    }
    REQUIRE(relay(table, {"ada/tag", "1"}) == table::Stored::stored);
    // What moves stays in it, once.
    REQUIRE(report(table, {"ada/phone", "2", "+30+30"}) == table::Stored::stored);
    CHECK(found(table, "ada/") == Names{"ada/phone", "ada/bike", "ada/tag"});
    CHECK(found(table, "adam/") == Names{"adam/phone"});
    CHECK(found(table, "eve/").empty());
    CHECK(found(table, "ada/", 2).size() == 2);
    forget(table, "ada/bike");
    CHECK(found(table, "ada/") == Names{"ada/phone", "ada/tag"});
    // Somebody else has its slot.
    REQUIRE(report(table, {"eve/car", "1"}) == table::Stored::stored);
    CHECK(found(table, "ada/") == Names{"ada/phone", "ada/tag"});
    CHECK(found(table, "eve/") == Names{"eve/car"});
    table.check(true);
}

TEST_CASE("families: a client that finds no room is in none", "[herd][table]") {
    LocationTable table;
    open_with_families(table, 1);
    const std::string too_long = "ada/" + client_for(long_line_size);
    CHECK(report(table, {too_long, "1"}) == table::Stored::no_long_line);
    CHECK(found(table, "ada/").empty());
    CHECK(report(table, {"ada/phone", "1"}) == table::Stored::stored);
    CHECK(report(table, {"ada/bike", "1"}) == table::Stored::table_full);
    CHECK(found(table, "ada/") == Names{"ada/phone"});
    table.check(true);
}

TEST_CASE("families: whatever comes and goes, each has whom a map has", "[herd][table]") {
    constexpr std::array<const char*, 5> names = {"a/", "b/", "ab/", "b/a/", ""};
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        INFO("seed " << seed);
        sim::Random random(seed);
        LocationTable table;
        open_with_families(table, 64);
        Names all;
        for (int i = 0; i < 300; ++i) {
            const std::string client =
                std::string(names[random.below(5)]) + std::to_string(random.below(12));
            if (all.erase(client) == 1) {
                forget(table, client);
            } else {
                REQUIRE(report(table, {client, "1"}) == table::Stored::stored);
                all.insert(client);
            }
        }
        table.check(true);
        for (const char* family : {"a/", "b/", "ab/"}) {
            Names wanted;
            for (const std::string& each : all) {
                if (Families::of(each) == family) wanted.insert(each);
            }
            CHECK(found(table, family) == wanted);
        }
    }
}

TEST_CASE("families: where they are not kept nobody is found", "[herd][table]") {
    LocationTable table;
    open(table, 4);
    REQUIRE(report(table, {"ada/phone", "1"}) == table::Stored::stored);
    CHECK(found(table, "ada/").empty());
}

}  // namespace families_test
