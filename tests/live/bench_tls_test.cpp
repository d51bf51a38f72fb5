// herd-bench against a server that speaks TLS.
#include "tests/live/bench_run.hpp"
#include "tests/live/client.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench_tls_test {

using namespace live;
using Catch::Matchers::Contains;

namespace {

std::string address(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

// Solo, and herd-bench as its neighbour.
class SealedServer {
public:
    SealedServer() {
        write_file(config(),
                   R"({"servers": [{"name": "Solo", "clients": ")" + address(ports_[0]) +
                       R"(", "clients_tls": ")" + address(ports_[1]) + R"(", "peers": ")" +
                       address(ports_[2]) + R"("}, {"name": "Solo-observer", "clients": ")" +
                       address(ports_[3]) + R"(", "peers": ")" + address(ports_[4]) +
                       R"("}], "links": [["Solo", "Solo-observer"]], "keys": ")" + keys() +
                       R"(", "log": {"folder": ")" + std::string(folder_ / "log") + R"("}})");
        REQUIRE(run({herd_binary(), "keys", keys(), "--config", config()}).code == 0);
        process_.emplace(
            std::vector<std::string>{herd_binary(), "serve", "Solo", "--config", config()});
        REQUIRE(process_->says(": clients on "));
    }

    std::string keys() const { return folder_ / "keys"; }
    // Where "clients" is `port`: 0 plain, 1 sealed.
    std::string target(std::size_t port, const std::string& name = "Solo") const {
        return R"({"system": "sealed", "servers": [{"name": ")" + name + R"(", "clients": ")" +
               address(ports_[port]) + R"(", "observer": ")" + address(ports_[4]) +
               R"(", "pids": [)" + std::to_string(process_->pid()) + "]}]}";
    }
    BenchResult measure(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--tls", keys()});
        return live::measure(target(1), arguments);
    }
    double counter(const char* name) const {
        // Its neighbour does not answer.
        const Ran asked = run({herd_binary(), "status", "--json", "--config", config()});
        rapidjson::Document said;
        said.Parse(asked.out.c_str());
        REQUIRE(said.IsObject());
        return said["servers"][0]["counters"][name].GetDouble();
    }

private:
    std::string config() const { return folder_ / "herd.json"; }

    TemporaryFolder folder_;
    std::vector<std::uint16_t> ports_ = take_ports(5);
    std::optional<Process> process_;
};

}  // namespace

TEST_CASE("herd-bench: by TLS reports are answered as in the clear, and come to observers",
          "[live][bench]") {
    const SealedServer server;
    const BenchResult closed =
        server.measure({"request", "--seconds", "0.3", "--depth", "16", "--connections", "70"});
    CHECK(closed.figure("lines_per_second") > 0);
    CHECK(closed.figure("wrong_answers") == 0);
    CHECK(closed.figure("lost_connections") == 0);
    CHECK(server.counter("clients_accepted") == 70);
    const BenchResult open = server.measure({"request", "--seconds", "0.3", "--rate", "1000"});
    CHECK(open.figure("wrong_answers") == 0);
    CHECK(open.figure("unanswered") == 0);
    // Of a client that reports again before its last report has left, only the newest comes: here
    // each reports once, however far behind the load gets.
    const BenchResult passed = server.measure(
        {"propagation", "--rate", "1000", "--seconds", "0.5", "--clients", "100000"});
    CHECK(passed.figure("missing") == 0);
    // Of those that were sent, some were due before, on a machine that stands still meanwhile.
    CHECK(passed.count("1 server") <= passed.figure("sent_per_second") / 2);
    CHECK(passed.count("1 server") > 0);
}

TEST_CASE("herd-bench: handshakes are those that the server has made", "[live][bench]") {
    const SealedServer server;
    const BenchResult sealed =
        server.measure({"handshakes", "--seconds", "0.5", "--warmup", "0", "--connections", "4"});
    const double shaken = sealed.count("handshake");
    CHECK(shaken > 0);
    CHECK(sealed.figure("refused_handshakes") == 0);
    // Those that were under way at the end are the server's, too.
    CHECK(server.counter("clients_accepted") >= shaken);
    CHECK(server.counter("clients_accepted") <= shaken + 4);
    const BenchResult plain =
        live::measure(server.target(0), {"handshakes", "--seconds", "0.3", "--warmup", "0"});
    CHECK(plain.figure("server_cpu_ns_per_handshake") <
          sealed.figure("server_cpu_ns_per_handshake") / 2);
}

TEST_CASE("herd-bench: ClientHellos come as many as they should, and are handshakes to the server",
          "[live][bench]") {
    const SealedServer server;
    const BenchResult measured = server.measure({"hellos",
                                                 "--rate",
                                                 "40",
                                                 "--at-once",
                                                 "2",
                                                 "--turns",
                                                 "2",
                                                 "--seconds",
                                                 "1",
                                                 "--warmup",
                                                 "0.1"});
    CHECK(measured.figure("hellos_per_second") == Approx(40).epsilon(0.1));
    // Each has 50 ms for that, which is plenty on a busy machine, too.
    CHECK(measured.figure("answered_per_second") > 0);
    CHECK(measured.figure("answered_per_second") <= measured.figure("hellos_per_second"));
    CHECK(measured.figure("wrong_answers") == 0);
    CHECK(measured.figure("lost_connections") == 0);
    CHECK(measured.count("quiet") > 0);
    CHECK(measured.count("flooded") > 0);
    // All but the polite client's one came to nothing.
    CHECK(server.counter("clients_accepted") == 1);
    CHECK(server.counter("handshakes_refused") > 0);
}

TEST_CASE("herd-bench: who does not prove the server's name is not measured", "[live][bench]") {
    const SealedServer server;
    const auto refused = [&](const std::string& target, const std::vector<std::string>& arguments) {
        const TemporaryFolder folder;
        const Ran ran = run_bench(folder, target, arguments);
        CHECK(ran.code == 2);
        return ran.err;
    };
    const std::vector<std::string> tls = {"request", "--tls", server.keys()};
    CHECK_THAT(refused(server.target(1, "Other"), tls), Contains("Other: hostname mismatch"));
    CHECK_THAT(refused(server.target(0), tls), Contains("Solo: "));
    CHECK_THAT(refused(server.target(1), {"request", "--tls", "no-such-folder"}),
               Contains("no-such-folder/ca.crt"));
    CHECK_THAT(refused(server.target(1), {"hellos"}), Contains("--tls"));
    CHECK_THAT(refused(server.target(1, "Other"),
                       {"handshakes", "--seconds", "0.2", "--tls", server.keys()}),
               Contains("Other does not take everybody: hostname mismatch"));
    // Somebody else's authority.
    const SealedServer stranger;
    CHECK_THAT(refused(server.target(1), {"request", "--tls", stranger.keys()}),
               Contains("Solo: "));
}

}  // namespace bench_tls_test
