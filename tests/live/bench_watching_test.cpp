// herd-bench, where it asks by place and follows.
#include "tests/live/bench_run.hpp"
#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace bench_watching_test {

using namespace live;

namespace {

std::string target(const std::string& system, const std::string& speaks, std::uint16_t port) {
    return R"({"system": ")" + system + R"(", "speaks": ")" + speaks +
           R"(", "servers": [{"name": "Alpha", "clients": "127.0.0.1:)" + std::to_string(port) +
           R"("}]})";
}

BenchResult measure(const Herd& herd, const std::vector<std::string>& arguments) {
    return live::measure(target("herd", "iamat", herd.port("Alpha")), arguments);
}

HerdSetup lone(const std::string& limits = {}) {
    return {.names = {"Alpha"}, .links = {}, .limits = limits};
}

}  // namespace

TEST_CASE("herd-bench nearby: each radius is asked for, and each answer one", "[live][bench]") {
    const Herd herd(lone());
    const BenchResult measured =
        measure(herd, {"nearby", "--clients", "3000", "--radii", "1,50", "--seconds", "0.2"});
    CHECK(measured.figure("wrong_answers") == 0);
    CHECK(measured.count("1 km") > 0);
    CHECK(measured.count("50 km") > 0);
    CHECK(measured.figure("queries_per_second_50_km") > 0);
}

TEST_CASE("herd-bench nearby: those who are refused show as wrong", "[live][bench]") {
    const Herd herd(lone(R"("searches": 1, "visits_per_turn": 1)"));
    const BenchResult measured = measure(herd,
                                         {"nearby",
                                          "--clients",
                                          "60000",
                                          "--radii",
                                          "50",
                                          "--bound",
                                          "1000",
                                          "--connections",
                                          "8",
                                          "--depth",
                                          "8",
                                          "--seconds",
                                          "0.2"});
    CHECK(measured.figure("wrong_answers") > 0);
}

TEST_CASE("herd-bench follow: each report of a followed client is told once", "[live][bench]") {
    const Herd herd(lone());
    const BenchResult measured = measure(herd,
                                         {"follow",
                                          "--followers",
                                          "50",
                                          "--rate",
                                          "1000",
                                          "--burst",
                                          "4",
                                          "--connections",
                                          "4",
                                          "--seconds",
                                          "1",
                                          "--warmup",
                                          "0.2"});
    CHECK(measured.figure("wrong_answers") == 0);
    CHECK(measured.figure("lost_connections") == 0);
    // On a machine that stands still meanwhile some positions in between are skipped.
    CHECK(measured.figure("pushed_per_second") > 0);
    CHECK(measured.figure("pushed_per_second") <= 1.1 * measured.figure("reports_per_second"));
}

TEST_CASE("herd-bench follow: those who may not follow show as wrong", "[live][bench]") {
    const Herd herd(lone(R"("subscriptions": 20)"));
    const BenchResult measured = measure(
        herd, {"follow", "--followers", "50", "--rate", "100", "--burst", "1", "--seconds", "0.2"});
    CHECK(measured.figure("wrong_answers") == 30);
}

TEST_CASE("herd-bench beside: beside questions, and beside those who never read", "[live][bench]") {
    const Herd herd(lone());
    const std::vector<std::string> common = {
        "beside", "--clients", "2000", "--iamat-rate", "500", "--seconds", "0.3"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), common.begin(), common.end());
        return measure(herd, more);
    };
    const BenchResult asked = with({"--rate", "300"});
    CHECK(asked.figure("wrong_answers") == 0);
    CHECK(asked.figure("unanswered") == 0);
    CHECK(asked.count("nearby") > 0);
    const BenchResult deaf = with({"--rate", "0", "--deaf", "20", "--radius", "50"});
    CHECK(deaf.figure("wrong_answers") == 0);
    CHECK(deaf.figure("lost_connections") == 0);
    CHECK(deaf.count("iamat beside") > 0);
}

}  // namespace bench_watching_test
