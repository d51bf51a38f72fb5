#include "tests/live/client.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace up_test {

namespace {

using live::eventually;
using live::Process;
using live::Ran;
using live::ThreeServers;

// The child of `up` that serves this name; -1: there is none.
int server_of(int up, const std::string& name) {
    for (const int child : live::children_of(up)) {
        const auto arguments = live::arguments_of(child);
        if (arguments.size() > 2 && arguments[1] == "serve" && arguments[2] == name) return child;
    }
    return -1;
}

bool none_runs(const std::vector<int>& pids) {
    return std::ranges::none_of(pids, live::runs);
}

}  // namespace

TEST_CASE("herd up: the whole herd, from start to end", "[live][up]") {
    const ThreeServers herd;
    const int signal = GENERATE(SIGTERM, SIGINT);
    Process up(herd.up());
    INFO(up.err());
    REQUIRE(up.says("\nready\n"));
    const std::string said = up.out();
    CHECK(said.find(live::herd_binary() + " send --config " + herd.config + " Alpha 'IAMAT ") !=
          std::string::npos);
    for (const char* name : ThreeServers::names) {
        CHECK(said.find(std::string(name) + ": all links up\n") != std::string::npos);
    }
    const auto children = live::children_of(up.pid());
    CHECK(children.size() == 4);
    // Ctrl-C at the terminal goes to the group of `up`, and must not reach them twice.
    for (const int child : children) {
        CHECK(getpgid(child) == child);
        CHECK(live::read_file("/proc/" + std::to_string(child) + "/comm") == "herd\n");
    }

    const std::string report = std::string("IAMAT kiwi ") + live::place + " 1520023934.918963997";
    const Ran told = herd.send("Alpha", {report});
    CHECK(told.code == 0);
    const Ran asked = herd.send("Gamma", {"WHATSAT kiwi 10 5"});
    CHECK(asked.code == 0);
    CHECK(asked.out.starts_with(told.out + "{"));
    CHECK(asked.out.find("\"status\" : \"OK\"") != std::string::npos);
    CHECK(asked.out.ends_with("}\n\n"));

    up.signal(signal);
    CHECK(up.wait() == 0);
    CHECK(none_runs(children));
    CHECK(up.err() == "");
    for (const char* name : ThreeServers::names) {
        const auto log = live::read_file(herd.folder / "log" / (std::string(name) + ".log"));
        CHECK(log.find("event=stopped") != std::string::npos);
    }
}

TEST_CASE("herd up: SIGHUP goes on to the servers, and all go on", "[live][up]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const auto children = live::children_of(up.pid());
    const auto log_of = [&herd](const std::string& name) {
        return herd.folder / "log" / (name + ".log");
    };
    for (const char* name : ThreeServers::names) {
        std::filesystem::rename(log_of(name), log_of(name + std::string("-before")));
    }
    up.signal(SIGHUP);
    for (const char* name : ThreeServers::names) {
        CHECK(eventually([&] { return std::filesystem::exists(log_of(name)); }));
    }
    CHECK(live::children_of(up.pid()) == children);
    up.signal(SIGTERM);
    CHECK(up.wait() == 0);
    CHECK(up.err() == "");
}

TEST_CASE("herd up: a second Ctrl-C ends it at once, and nothing is started again", "[live][up]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const auto children = live::children_of(up.pid());
    // Stopped, they could not do what the first one asks them to.
    for (const int child : children) kill(child, SIGSTOP);
    up.signal(SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    up.signal(SIGINT);
    CHECK(up.wait() == 1);
    CHECK(none_runs(children));
    CHECK(up.err() == "");
}

TEST_CASE("herd up: killed, it leaves no process behind", "[live][up]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const auto children = live::children_of(up.pid());
    REQUIRE(children.size() == 4);
    up.signal(SIGKILL);
    CHECK(up.wait() == -SIGKILL);
    CHECK(eventually([&] { return none_runs(children); }, std::chrono::seconds(2)));
}

TEST_CASE("herd up: a server that dies is reported and started again", "[live][up]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const Ran told =
        herd.send("Alpha", {std::string("IAMAT kiwi ") + live::place + " 1520023934.5"});
    REQUIRE(told.code == 0);
    const int first = server_of(up.pid(), "Beta");
    REQUIRE(first > 0);
    kill(first, SIGKILL);
    REQUIRE(eventually([&] {
        const int now = server_of(up.pid(), "Beta");
        return now > 0 && now != first && live::accepts(herd.clients[1]);
    }));
    CHECK(up.err() == "herd up: Beta ended with signal 9 (Killed), starts again in 1 s\n");
    // What it has missed, it is told.
    CHECK(eventually(
        [&] { return herd.send("Beta", {"WHATSAT kiwi 10 1"}).out.starts_with(told.out); }));
    up.signal(SIGTERM);
    CHECK(up.wait() == 0);
}

TEST_CASE("herd up: a server that is told to end drains within its time", "[live][up]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const int gamma = server_of(up.pid(), "Gamma");
    REQUIRE(gamma > 0);
    kill(gamma, SIGTERM);
    CHECK(eventually([&] { return !live::runs(gamma); }, std::chrono::seconds(5)));
    CHECK(eventually([&] {
        return up.err() == "herd up: Gamma ended with exit code 0, starts again at once\n";
    }));
    // Its clients find it again before they would have been told that it is away for a second.
    CHECK(
        eventually([&] { return live::accepts(herd.clients[2]); }, std::chrono::milliseconds(900)));
}

TEST_CASE("herd up: when a server cannot start, all end", "[live][up]") {
    const ThreeServers herd;
    const live::LoopbackSocket other(herd.peers[2]);
    REQUIRE(other.bind());
    REQUIRE(other.listen());
    Process up(herd.up());
    CHECK(up.wait() == 2);
    CHECK(up.err().find("Gamma: peers' address 127.0.0.1:" + std::to_string(herd.peers[2]) +
                        ": Address already in use: does this server run already? ") !=
          std::string::npos);
    CHECK(up.err().find("herd up: Gamma could not start\n") != std::string::npos);
    CHECK(up.out().find("ready\n") == std::string::npos);
    for (const auto port : {herd.clients[0], herd.clients[1], herd.clients[2], herd.places}) {
        CHECK_FALSE(live::accepts(port));
    }
}

TEST_CASE("herd up: a server that does not drain is killed in the end", "[live][up]") {
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const auto children = live::children_of(up.pid());
    const int beta = server_of(up.pid(), "Beta");
    REQUIRE(beta > 0);
    kill(beta, SIGSTOP);
    up.signal(SIGTERM);
    CHECK(up.wait() == 0);
    CHECK(none_runs(children));
}

TEST_CASE("herd up: ends also while a child waits to be started again", "[live][up]") {
    // There was a time when it then waited for the end of what was not running.
    const ThreeServers herd;
    Process up(herd.up());
    REQUIRE(up.says("\nready\n"));
    const auto children = live::children_of(up.pid());
    REQUIRE(children.size() == 4);
    for (const int child : children) kill(child, SIGKILL);
    REQUIRE(eventually([&] { return live::children_of(up.pid()).empty(); }));
    up.signal(SIGTERM);
    CHECK(up.wait(std::chrono::seconds(5)) == 0);
}

}  // namespace up_test
