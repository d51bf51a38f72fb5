#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace command_line_test {

using live::herd_binary;
using live::Ran;
using live::run;

TEST_CASE("herd check --names: the servers, for scripts", "[live][program]") {
    const Ran ran = run({herd_binary(), "check", "--names"});
    CHECK(ran.code == 0);
    CHECK(ran.out == "Goloman\nHands\nHoliday\nWelsh\nWilkes\n");
    CHECK(run({herd_binary(), "check", "--names", "--config", "/nonexistent"}).code == 2);
}

TEST_CASE("herd --complete: what may come next, and nothing of what cannot", "[live][program]") {
    const auto offered = [](std::vector<std::string> words) {
        words.insert(words.begin(), {herd_binary(), "--complete"});
        const Ran ran = run(words);
        CHECK(ran.code == 0);
        CHECK(ran.err.empty());
        return ran.out;
    };
    CHECK(offered({"send", "W"}) == "Welsh\nWilkes\n");
    CHECK(offered({"send", "Welsh", "W"}).empty());
    CHECK(offered({"send", "--plain", "Wi"}) == "Wilkes\n");
    CHECK(offered({"send", "--ca", "x", "Wi"}) == "Wilkes\n");
    CHECK(offered({"send", "--config", "/nonexistent", "W"}).empty());
    CHECK(offered({"keys", "--config", ""}) == ":files\n");
    CHECK(offered({"keys", ""}) == ":folders\n");
    CHECK(offered({"serve", "--par"}).empty());
    CHECK(offered({"chec"}).starts_with("check\t"));
    CHECK(offered({"fly", ""}).empty());
    CHECK(offered({}).empty());
}

}  // namespace command_line_test
