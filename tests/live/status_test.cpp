#include "tests/live/herd_process.hpp"
#include "tests/live/writer.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace status_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr int idle_count = 400;

Ran status(const Herd& herd, bool json = false) {
    std::vector<std::string> command = {herd_binary(), "status", "--config", herd.config()};
    if (json) command.emplace_back("--json");
    return run(command);
}

struct Seen {
    std::set<std::string> digests;
    std::uint64_t live = 0;
    std::uint64_t divergences = 0;
    std::uint64_t corrupted = 0;
};

Seen look(const Herd& herd) {
    const Ran ran = status(herd, true);
    INFO(ran.out << ran.err);
    rapidjson::Document all;
    REQUIRE_FALSE(all.Parse(ran.out.c_str()).HasParseError());
    Seen seen;
    for (const auto& server : all["servers"].GetArray()) {
        if (server.HasMember("error")) continue;
        seen.digests.insert(server["digest"].GetString());
        seen.corrupted += server["corrupted"].GetUint64();
        for (const auto& link : server["links"].GetArray()) {
            seen.live += std::string("live") == link["state"].GetString();
            seen.divergences += link["divergences"].GetUint64();
        }
    }
    return seen;
}

// How many of the clients that do not move stand differently in two servers.
int different(const Herd& herd, const std::string& one, const std::string& other) {
    Client first(herd.port(one));
    Client second(herd.port(other));
    int count = 0;
    for (int i = 0; i < idle_count; ++i) {
        const std::string line = "WHATSAT idle" + std::to_string(i) + " 1 0\n";
        first.send(line);
        second.send(line);
        count += first.read_block() != second.read_block();
    }
    return count;
}

// Of a table that differs from all others in every bucket.
std::string another_digest() {
    std::string lines;
    for (int first = 0; first < 4096; first += 8) {
        lines += "DIG " + std::to_string(first) + " 1 1 1 1 1 1 1 1\n";
    }
    return lines;
}

}  // namespace

TEST_CASE("status: a record spoilt under load shows, and is mended once a digest tells of it",
          "[live][status]") {
    HerdSetup setup;
    setup.corruptible = true;
    setup.names.emplace_back("Played");
    setup.links.emplace_back("Goloman", "Played");
    setup.played = {"Played"};
    Herd herd(setup);
    REQUIRE(eventually([&] { return look(herd).live == 12; }));
    Client client(herd.port("Hands"));
    for (int i = 0; i < idle_count; ++i) {
        CHECK(client.ask(iamat("idle" + std::to_string(i), 1)).starts_with("AT Hands "));
    }
    CHECK(client.ask("SYNC") == "SYNC Hands 2 2\n");
    const Writer goloman(herd, "Goloman");
    const Writer welsh(herd, "Welsh");
    CHECK(look(herd).divergences == 0);
    // Which record it is, is up to the server: sooner or later that of a client that does not move.
    int spoilt = 0;
    for (std::uint64_t tries = 0; spoilt == 0 && tries < 50; ++tries) {
        herd.server("Wilkes").signal(SIGUSR1);
        while (look(herd).corrupted <= tries) std::this_thread::sleep_for(10ms);
        spoilt = different(herd, "Wilkes", "Hands");
    }
    CHECK(spoilt > 0);
    // Its own digest would tell as much in half a minute; repair_test waits for that.
    const std::string cookie = live::cookie_told(herd.peer_port("Played"));
    Client played(herd.peer_port("Goloman"));
    CHECK(played.ask("HELLO 1 Played 00000000000000ab 0 0 0000000000000001 " + cookie)
              .starts_with("WELCOME 1 Goloman "));
    // What comes within a round's time counts once: three rounds take twice that, at any speed.
    for (int tries = 0; look(herd).divergences == 0 && tries < 60; ++tries) {
        played.send(another_digest());
        std::this_thread::sleep_for(500ms);
    }
    CHECK(eventually([&] { return different(herd, "Wilkes", "Hands") == 0; }));
    CHECK(eventually([&] { return look(herd).divergences > 0; }));
    CHECK(eventually([&] {
        return herd.log("Goloman").find("event=divergence neighbour=Played") != std::string::npos;
    }));
}

TEST_CASE("status: who does not answer is named, and the exit code says so", "[live][status]") {
    Herd herd;
    const Ran good = status(herd);
    CHECK(good.code == 0);
    CHECK(good.out.find("5 of 5 servers up, 12 of 12 links live, tables equal\n") !=
          std::string::npos);
    herd.kill("Welsh");
    const Ran bad = status(herd);
    CHECK(bad.code == 1);
    CHECK(bad.out.find("Welsh    -   Connection refused\n") != std::string::npos);
    CHECK(bad.out.find("4 of 5 servers up, ") != std::string::npos);
    CHECK(bad.out.find(" of 12 links live, tables of 4 of 5 equal\n") != std::string::npos);
    const Ran json = status(herd, true);
    CHECK(json.code == 1);
    CHECK(json.out.find(R"({"server":"Welsh","error":"Connection refused"})") != std::string::npos);
    CHECK(json.out.ends_with(R"(,"tables":{"servers":5,"known":4,"different":1}})"
                             "\n"));
}

}  // namespace status_test
