// herd-bench is believed only because of what stands here: faults of known size must show in its
// figures with that size.
#include "tests/live/bench_run.hpp"
#include "tests/live/process.hpp"
#include "tests/live/rude_relay.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace bench_test {

using namespace live;
using std::chrono::milliseconds;

namespace {

BenchResult measure(const RudeRelay& relay, const std::vector<std::string>& arguments) {
    return live::measure(R"({"system": "rude", "servers": [{"name": "rude", "clients": ")" +
                             relay.clients() + R"(", "observer": ")" + relay.observer() + R"("}]})",
                         arguments);
}

BenchResult propagate(const RudeRelay& relay) {
    return measure(relay, {"propagation", "--rate", "1000", "--seconds", "1", "--clients", "100"});
}

// As many reports in half the time, where only they are counted.
BenchResult count_arrivals(const RudeRelay& relay) {
    return measure(relay,
                   {"propagation",
                    "--rate",
                    "2000",
                    "--seconds",
                    "0.5",
                    "--warmup",
                    "0.2",
                    "--settle",
                    "2",
                    "--clients",
                    "100"});
}

}  // namespace

TEST_CASE("herd-bench: a relay that takes 2 ms shows as 2 ms", "[live][bench_times]") {
    const RudeRelay plain({});
    const RudeRelay slow({.delay = milliseconds(2)});
    // What the machine adds is in both; on a machine that is busy elsewhere it is not the same.
    double difference = 0;
    for (int attempt = 0; attempt < 5; ++attempt) {
        const double without = propagate(plain).latency_ms("1 server", "p50");
        const double with = propagate(slow).latency_ms("1 server", "p50");
        CHECK(with >= 2);
        difference = with - without;
        if (difference > 1.8 && difference < 2.4) break;
    }
    CHECK(difference == Approx(2).margin(0.4));
}

TEST_CASE(
    "herd-bench: a server that stands still shows in the worst latencies, not as a lower rate",
    "[live][bench_times]") {
    const RudeRelay relay({.stall = milliseconds(300), .stall_after = 1000});
    const BenchResult measured = propagate(relay);
    CHECK(measured.figure("sent_per_second") == Approx(1000).epsilon(0.01));
    CHECK(measured.count("1 server") == measured.figure("sent_per_second"));
    // Some 300 of the 1,000 were due in that time, the first 300 ms before it was over.
    CHECK(measured.latency_ms("1 server", "max") >= 290);
    CHECK(measured.latency_ms("1 server", "p99.9") >= 250);
    CHECK(measured.latency_ms("1 server", "p90") >= 150);
    CHECK(measured.figure("missing") == 0);
}

TEST_CASE("herd-bench: updates that are lost are counted, whether or not newer ones came",
          "[live][bench]") {
    SECTION("one of 49, now this client's, now that one's: newer ones come") {
        const RudeRelay relay({.drop_every = 49});
        const BenchResult measured = count_arrivals(relay);
        // The few that were sent to see whether the observer is there do not count.
        CHECK(measured.figure("missing") <= static_cast<double>(relay.dropped));
        CHECK(measured.figure("missing") >= static_cast<double>(relay.dropped) - 2);
        CHECK(measured.figure("missing") >= 20);
        CHECK(measured.figure("superseded") > 0);
    }
    SECTION("all of one client") {
        const RudeRelay relay({.drop_client = "bench-00000042"});
        const BenchResult measured = count_arrivals(relay);
        CHECK(measured.figure("missing") == static_cast<double>(relay.dropped));
        CHECK(measured.figure("missing") >= 10);
        CHECK(measured.figure("superseded") == 0);
        CHECK(measured.figure("stale_clients") == 1);
    }
    SECTION("none") {
        const RudeRelay relay({});
        const BenchResult measured = count_arrivals(relay);
        CHECK(measured.figure("missing") == 0);
        CHECK(measured.figure("stale_clients") == 0);
        CHECK(measured.figure("duplicates") == 0);
    }
}

TEST_CASE("herd-bench: updates that come twice are counted, and once only as arrived",
          "[live][bench]") {
    const RudeRelay relay({.repeat_every = 10});
    const BenchResult measured = count_arrivals(relay);
    CHECK(measured.figure("duplicates") <= static_cast<double>(relay.repeated));
    CHECK(measured.figure("duplicates") >= 100);
    CHECK(measured.figure("missing") == 0);
    // Of those that were sent, some were due before, on a machine that stands still meanwhile.
    CHECK(measured.count("1 server") <= measured.figure("sent_per_second") / 2);
    CHECK(measured.count("1 server") > 0);
}

TEST_CASE("herd-bench: wrong answers are counted, in both loops", "[live][bench]") {
    const RudeRelay relay({.refuse_every = 10});
    const BenchResult closed = measure(relay, {"request", "--seconds", "0.3", "--depth", "16"});
    CHECK(closed.figure("wrong_answers") > 0);
    CHECK(closed.figure("lines_per_second") > 0);
    const BenchResult open = measure(relay, {"request", "--seconds", "0.3", "--rate", "1000"});
    CHECK(open.figure("wrong_answers") > 0);
    CHECK(open.figure("unanswered") == 0);
}

TEST_CASE("herd-bench: what a server that has gone leaves unanswered is counted, in both loops",
          "[live][bench]") {
    const RudeRelay::Manners hanging_up{.hang_up_after = 100};
    const RudeRelay first(hanging_up);
    const BenchResult open = measure(
        first,
        {"request", "--seconds", "0.5", "--warmup", "0", "--rate", "1000", "--connections", "4"});
    CHECK(open.figure("lost_connections") == 4);
    CHECK(open.figure("unanswered") >= 1);
    CHECK(open.figure("unsent") >= 100);
    CHECK(open.count("round trip") + open.figure("unanswered") + open.figure("unsent") ==
          open.count("send lateness"));
    const RudeRelay second(hanging_up);
    const BenchResult closed = measure(second, {"request", "--seconds", "0.3", "--warmup", "0"});
    CHECK(closed.figure("lost_connections") >= 1);
}

TEST_CASE("herd-bench: what cannot be measured is one line and exit code 2", "[live][bench]") {
    const TemporaryFolder folder;
    const auto target = [&](const std::string& text) {
        return std::string(write_file(folder / "target.json", text));
    };
    const auto refused = [](const std::vector<std::string>& arguments) {
        std::vector<std::string> command = {bench_binary()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const Ran ran = run(command);
        CHECK(ran.code == 2);
        CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
        return ran.err;
    };
    using Catch::Matchers::Contains;
    CHECK_THAT(refused({"request", "--target", "no-such-file"}), Contains("no-such-file"));
    CHECK_THAT(refused({"request", "--target", target("{")}), Contains("target.json"));
    CHECK_THAT(refused({"request", "--target", target(R"({"system": "x", "servers": []})")}),
               Contains("servers"));
    const std::string lone =
        target(R"({"system": "x", "servers": [{"name": "a", "clients": "127.0.0.1:21999"}]})");
    CHECK_THAT(refused({"propagation", "--target", lone}), Contains("no server has an"));
    CHECK_THAT(refused({"request", "--server", "b", "--target", lone}), Contains("no server b"));
}

}  // namespace bench_test
