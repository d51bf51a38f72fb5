#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

// Following across servers, as programs do it.
namespace follow_live_test {

using live::Process;
using live::Ran;
using live::run;
using live::ThreeServers;

namespace {

std::string iamat(const std::string& client, const std::string& location, int stamp) {
    return "IAMAT " + client + " " + location + " " + std::to_string(stamp);
}

}  // namespace

TEST_CASE("herd watch: prints what changes at any server, until it is stopped", "[live][follow]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("ready\n"));
    REQUIRE(herd.send("Alpha", {iamat("there", "+1-1", 5)}).code == 0);
    Process watch(herd.command({"watch", "Gamma", "there", "+2-2 10"}));
    REQUIRE(watch.says("FOLLOW Gamma 1\nFOLLOW Gamma 2\n"));
    REQUIRE(watch.says("NOW 1 AT Alpha "));
    REQUIRE(herd.send("Alpha", {iamat("comes", "+2.01-2", 6)}).code == 0);
    CHECK(watch.says("NOW 2 AT Alpha "));
    REQUIRE(herd.send("Beta", {iamat("comes", "+3-3", 7)}).code == 0);
    CHECK(watch.says("GONE 2 comes\n"));
    watch.signal(SIGINT);
    CHECK(watch.wait() == -SIGINT);
    up.signal(SIGTERM);
    CHECK(up.wait() == 0);
}

TEST_CASE("herd watch: --json, refusals, and a server that ends", "[live][follow]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    REQUIRE(herd.send("Alpha", {iamat("\"quoted\"", "+1.5-1", 5)}).code == 0);
    Process watch(herd.command({"watch", "Alpha", "--json", "+1.5-1 1"}));
    CHECK(watch.says(R"({"event":"follow","server":"Alpha","number":1})"));
    CHECK(watch.says(R"({"event":"now","number":1,"client":"\"quoted\"","latitude":1.5,)"
                     R"("longitude":-1,"time":"5","server":"Alpha"})"));

    const Ran refused = run(herd.command({"watch", "Alpha", "+1.5-1 51"}));
    CHECK(refused.code == 1);
    CHECK(refused.err ==
          "herd: the server refuses: ? FOLLOW +1.5-1 51: its radius is not from 0 to 50, in "
          "kilometres\n");

    alpha.signal(SIGTERM);
    CHECK(alpha.wait() == 0);
    CHECK(watch.wait() == 2);
    CHECK(watch.err().find("the connection ended") != std::string::npos);
}

TEST_CASE("herd watch and send: a refusal names the limit that it is", "[live][follow]") {
    const ThreeServers herd(R"(,
"limits": {"line_max": 200, "subscriptions_per_client": 2})");
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    const std::string name(300, 'n');
    const std::string too_long = "it has more than 200 bytes (limits.line_max)\n";
    const std::string too_many =
        "its connection follows as many as one may (limits.subscriptions_per_client)\n";

    const Ran sent = herd.send("Alpha", {iamat(name, "+1-1", 5), "FOLLOW " + name});
    CHECK(sent.code == 1);
    CHECK(sent.err == "herd: ?: " + too_long);
    const Ran follows = herd.send(
        "Alpha", {"FOLLOW a", "FOLLOW b", "UNFOLLOW 1", "FOLLOW c", "FOLLOW d", "FOLLOW e"});
    CHECK(follows.err == "herd: ?: " + too_many);
    CHECK(follows.out.ends_with("\n? FOLLOW d\n? FOLLOW e\n"));

    const Ran longest = run(herd.command({"watch", "Alpha", "a", name}));
    CHECK(longest.code == 1);
    CHECK(longest.err ==
          "herd: the server refuses: ? FOLLOW " + name.substr(0, 200 - 7) + ": " + too_long);
    // What is refused behind it says nothing new.
    const Ran most = run(herd.command({"watch", "Alpha", "a", "b", "c", "d"}));
    CHECK(most.code == 1);
    CHECK(most.out == "FOLLOW Alpha 1\nFOLLOW Alpha 2\n");
    CHECK(most.err == "herd: the server refuses: ? FOLLOW c: " + too_many);
    alpha.signal(SIGTERM);
    CHECK(alpha.wait() == 0);
}

TEST_CASE("examples: fence.py says who enters a circle and who leaves it", "[live][follow]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("ready\n"));
    REQUIRE(herd.send("Alpha", {iamat("there", "+1-1", 5)}).code == 0);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const known = std::getenv("HERD_PYTHON");
    const std::string python = known != nullptr ? known : "/usr/bin/python3";
    const std::string program = HERD_SOURCE_ROOT "/examples/fence.py";
    const auto fence = [&](const std::string& radius) {
        return std::vector<std::string>{
            python, program, "127.0.0.1", std::to_string(herd.clients[2]), "+1-1", radius};
    };
    Process watching(fence("10"));
    std::string expected;
    const auto says = [&](const std::string& more) {
        expected += more;
        INFO(watching.out());
        CHECK(live::eventually([&] { return watching.out() == expected; }));
    };
    says("'there' enters at +1-1\n");
    REQUIRE(herd.send("Beta", {iamat("comes", "+1.01-1", 6)}).code == 0);
    says("'comes' enters at +1.01-1\n");
    REQUIRE(herd.send("Beta", {iamat("comes", "+1.02-1", 7)}).code == 0);
    REQUIRE(herd.send("Alpha", {iamat("there", "+2-1", 8)}).code == 0);
    says("'there' leaves\n");
    REQUIRE(herd.send("Gamma", {iamat("comes", "+2-1", 9)}).code == 0);
    says("'comes' leaves\n");
    REQUIRE(herd.send("Gamma", {iamat("there", "+1-1", 10)}).code == 0);
    says("'there' enters at +1-1\n");

    Process other(fence("10"));
    REQUIRE(other.says(" enters at +1-1\n"));
    other.signal(SIGINT);
    CHECK(other.wait() == -SIGINT);
    CHECK(other.err().empty());

    const Ran refused = run(fence("51"));
    CHECK(refused.code == 1);
    CHECK(refused.err == "the server refuses that\n");
    up.signal(SIGTERM);
    CHECK(up.wait() == 0);
    CHECK(watching.wait() == 1);
    CHECK(watching.err() == "the server has ended the connection\n");
}

TEST_CASE("herd send: what is pushed is no answer", "[live][follow]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    const Ran sent =
        herd.send("Alpha", {"FOLLOW k", iamat("k", "+1-1", 5), "WHATSAT k 1 0", "UNFOLLOW 1"});
    CHECK(sent.code == 0);
    CHECK(sent.out.ends_with("UNFOLLOW Alpha 1\n"));
}

}  // namespace follow_live_test
