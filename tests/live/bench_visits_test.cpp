// herd-bench, where connections end: visits, and a server that dies and catches up.
#include "tests/live/bench_run.hpp"
#include "tests/live/herd_process.hpp"
#include "tests/live/rude_relay.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace bench_visits_test {

using namespace live;

namespace {

std::string server(const std::string& name, std::uint16_t port) {
    return R"({"name": ")" + name + R"(", "clients": "127.0.0.1:)" + std::to_string(port) + R"("})";
}

double counter(const Herd& herd, const std::string& name, const char* what) {
    const Ran asked = run({herd_binary(), "status", "--json", "--config", herd.config()});
    rapidjson::Document said;
    said.Parse(asked.out.c_str());
    REQUIRE(said.IsObject());
    for (const auto& each : said["servers"].GetArray()) {
        if (each["server"].GetString() == name) return each["counters"][what].GetDouble();
    }
    FAIL("no server " << name);
    return 0;
}

}  // namespace

TEST_CASE("herd-bench visits: each is a connection and a report of its own", "[live][bench]") {
    const std::string half_close = GENERATE("false", "true");
    CAPTURE(half_close);
    const Herd herd({.names = {"Alpha"}, .links = {}});
    const BenchResult measured =
        measure(R"({"system": "herd", "servers": [)" + server("Alpha", herd.port("Alpha")) + "]}",
                {"visits",
                 "--seconds",
                 "0.3",
                 "--warmup",
                 "0",
                 "--connections",
                 "4",
                 "--half-close",
                 half_close});
    const double visits = measured.count("visit");
    CHECK(visits > 0);
    CHECK(measured.figure("wrong_answers") == 0);
    CHECK(measured.figure("unanswered_visits") == 0);
    CHECK(measured.figure("failed_dials") == 0);
    // Those that were under way at the end are the server's, too; and one has asked whether it is
    // up.
    for (const char* const what : {"clients_accepted", "iamat"}) {
        CAPTURE(what);
        CHECK(counter(herd, "Alpha", what) >= visits);
        CHECK(counter(herd, "Alpha", what) <= visits + 5);
    }
}

TEST_CASE("herd-bench visits: wrong answers show", "[live][bench]") {
    const RudeRelay relay({.refuse_every = 10});
    const BenchResult measured =
        measure(R"({"system": "rude", "servers": [{"name": "rude", "clients": ")" +
                    relay.clients() + R"("}]})",
                {"visits", "--seconds", "1", "--warmup", "0", "--connections", "4"});
    CHECK(measured.figure("wrong_answers") > 0);
    CHECK(measured.figure("wrong_answers") < measured.count("visit"));
}

TEST_CASE("herd-bench catch-up: a server that comes back has everything when it is said to",
          "[live][bench]") {
    Herd herd({.names = {"Alpha", "Beta"}, .links = {{"Alpha", "Beta"}}});
    const TemporaryFolder folder;
    const auto target =
        write_file(folder / "target.json",
                   R"({"system": "herd", "servers": [)" + server("Alpha", herd.port("Alpha")) +
                       ", " + server("Beta", herd.port("Beta")) + "]}");
    Process bench({bench_binary(),
                   "catch-up",
                   "--target",
                   target,
                   "--json",
                   folder / "result.json",
                   "--clients",
                   "20000",
                   "--seconds",
                   "0.3",
                   "--down",
                   "0.1"});
    REQUIRE(bench.says("event kill Beta"));
    herd.kill("Beta");
    REQUIRE(bench.says("event restart Beta"));
    herd.launch("Beta");
    REQUIRE(bench.wait() == 0);
    const std::string last = "bench-00019999.herd.test";
    CHECK(herd.line_of("Beta", last) == herd.line_of("Alpha", last));
    const BenchResult measured(read_file(folder / "result.json"));
    CHECK(measured.figure("complete_ms") > 0);
    CHECK(measured.figure("wrong_answers") == 0);
    CHECK(measured.figure("unanswered") == 0);
    CHECK(measured.count("quiet") > 0);
    CHECK(measured.count("meanwhile") > 0);
}

TEST_CASE("herd-bench catch-up: it takes two", "[live][bench]") {
    const RudeRelay relay({});
    const TemporaryFolder folder;
    const Ran ran = run_bench(folder,
                              R"({"system": "rude", "servers": [{"name": "rude", "clients": ")" +
                                  relay.clients() + R"("}]})",
                              {"catch-up"});
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, Catch::Matchers::Contains("no neighbour"));
}

}  // namespace bench_visits_test
