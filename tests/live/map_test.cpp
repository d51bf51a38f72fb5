// The stream of the live map, as curl gets it from running servers.
#include "tests/live/herd_process.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <vector>

namespace map_live_test {

using namespace live;

namespace {

HerdSetup two_servers() {
    HerdSetup setup;
    setup.names = {"Alpha", "Beta"};
    setup.links = {{"Alpha", "Beta"}};
    setup.http = true;
    return setup;
}

bool has_curl() {
    if (run({"sh", "-c", "command -v curl"}).code == 0) return true;
    skip("there is no curl (Debian: curl)");
    return false;
}

// What comes within two seconds.
std::string watch(const std::string& url, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"curl", "-sSN", "--max-time", "2"});
    more.push_back(url);
    return run(more).out;
}

// How often it stands there.
int count(const std::string& text, const std::string& what) {
    int found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
}

}  // namespace

TEST_CASE("map: one who looks on is told of clients, servers and links", "[live][map]") {
    if (!has_curl()) return;
    Herd herd(two_servers());
    const std::string events =
        "http://127.0.0.1:" + std::to_string(herd.http_port("Alpha")) + "/map/events";
    REQUIRE(herd.ask("Beta", "IAMAT kiwi +1-1 5").starts_with("AT Beta "));
    REQUIRE(eventually([&] { return herd.line_of("Alpha", "kiwi").starts_with("AT "); }));
    const std::string heard = watch(events);
    CHECK(heard.starts_with("retry:1000\nevent:hello\ndata:{\"server\":\"Alpha\","));
    CHECK(heard.find("\"servers\":[{\"name\":\"Alpha\",\"links\":[1]},{\"name\":\"Beta\"") !=
          std::string::npos);
    CHECK(count(heard, "event:now\n") == 1);
    CHECK(count(heard, "event:whole\n") == 1);
    CHECK(count(heard, "event:state\n") >= 1);
    CHECK(heard.find("{\"to\":\"Beta\",\"state\":\"live\"") != std::string::npos);
    // Nobody is there, and so nobody is told of.
    CHECK(count(watch(events + "?box=10,10,20,20"), "event:now\n") == 0);
    herd.kill("Beta");
    CHECK(eventually([&] {
        return watch(events).find("{\"to\":\"Beta\",\"state\":\"down\"") != std::string::npos;
    }));
}

TEST_CASE("map: within TLS too", "[live][map]") {
    if (!has_curl()) return;
    HerdSetup setup = two_servers();
    setup.sealed = true;
    const Herd herd(setup);
    const std::string port = std::to_string(herd.https_port("Alpha"));
    const std::string at = "https://Alpha:" + port + "/map";
    const std::vector<std::string> trust = {"--cacert",
                                            herd.file("keys") / "ca.crt",
                                            "--connect-to",
                                            "Alpha:" + port + ":127.0.0.1:" + port,
                                            "-H",
                                            "Host: localhost"};
    CHECK(watch(at, trust).starts_with("<!doctype html>"));
    CHECK(count(watch(at + "/events", trust), "event:state\n") >= 1);
}

}  // namespace map_live_test
