#include "herd/program/status_table.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace status_counters_test {

namespace {

using herd::program::status_tables;
using herd::program::StatusAnswer;

StatusAnswer answer(const std::string& counters) {
    return {"A",
            R"({"server":"A","up_s":5,"clients":1,"records":2,"capacity":10,"digest":"0a",)"
            R"("journal":"off","dropped":0,"corrupted":0,"counters":{)" +
                counters + R"(},"links":[{"neighbour":"B","state":"down"}]})",
            "",
            1};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("status table: what is stored stands beside what there is room for", "[herd][program]") {
    CHECK(has(status_tables({answer("")}), "A       5s  1        2 of 10  0a"));
}

TEST_CASE("status table: links of who is silent count as configured", "[herd][program]") {
    const StatusAnswer silent{"B", "", "Connection refused", 3};
    CHECK(has(status_tables({answer(""), silent}),
              "\n1 of 2 servers up, 0 of 4 links live, 1 of 2 tables known\n"));
    CHECK(has(status_tables({silent}), "\n0 of 1 servers up, 0 of 3 links live, no table known\n"));
}

TEST_CASE("status table: counters of trouble are shown, others are not", "[herd][program]") {
    const std::string text =
        status_tables({answer(R"("iamat":9,"table_full":3,"lines_too_long":0,"unheard_of":1)")});
    CHECK(has(text, "\n\nA: table_full 3, unheard_of 1\n\nLINK "));
    CHECK_FALSE(has(text, "iamat"));
    CHECK_FALSE(has(text, "lines_too_long"));
    CHECK_FALSE(has(status_tables({answer(R"("iamat":9)")}), "A: "));
}

TEST_CASE("status table: that a reload was refused is told until one is taken", "[herd][program]") {
    StatusAnswer refused = answer(R"("reloads":2)");
    refused.json.insert(1, R"("reload_refused":true,)");
    const std::string line = "A: its latest reload was refused, and its log says why\n";
    CHECK(has(status_tables({refused}), "\n\n" + line + "\nLINK "));
    CHECK_FALSE(has(status_tables({answer(R"("reloads":2)")}), "A: "));
}

}  // namespace status_counters_test
