#include "tests/live/client.hpp"
#include "tests/live/one_server.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

namespace program_test {

namespace {

using live::Client;
using live::config_with;
using live::eventually;
using live::herd_binary;
using live::Process;
using live::Ran;
using live::run;
using live::ThreeServers;

}  // namespace

TEST_CASE("program: every subcommand tells its usage and its version", "[live][program]") {
    const Ran version = run({herd_binary(), "--version"});
    CHECK(version.code == 0);
    CHECK(version.out.starts_with("herd "));
    CHECK(run({herd_binary(), "--help"}).out.find("serve") != std::string::npos);
    for (const char* command : {"serve", "up", "send", "token", "places", "check", "keys"}) {
        INFO(command);
        const Ran help = run({herd_binary(), command, "--help"});
        CHECK(help.code == 0);
        CHECK(help.out.find(command) != std::string::npos);
        CHECK(help.out.find("--parent") == std::string::npos);
        CHECK(help.out.find("--corruptible") == std::string::npos);
        CHECK(run({herd_binary(), command, "--version"}).out == version.out);
    }
}

TEST_CASE("program: wrong usage exits with 2 and says why", "[live][program]") {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{},
                                               {"fly"},
                                               {"serve"},
                                               {"serve", "Nobody"},
                                               {"serve", "Goloman", "Hands"},
                                               {"send", "Goloman"},
                                               {"send", "Nobody", "IAMAT"},
                                               {"send", "Goloman", "IAMAT\nIAMAT"},
                                               {"up", "--config", "/nonexistent"},
                                               {"places", "--listen", "nowhere"},
                                               {"places", "--fail", "10:boredom"},
                                               {"places", "--delay", "20..5"},
                                               {"keys"},
                                               {"keys", "k", "--days", "0"}}) {
        std::vector<std::string> command = {herd_binary()};
        command.insert(command.end(), words.begin(), words.end());
        const Ran ran = run(command);
        CAPTURE(words);
        CHECK(ran.code == 2);
        CHECK_FALSE(ran.err.empty());
    }
    CHECK(run({herd_binary(), "fly", "--config", "x"}).err ==
          "herd: \"fly\" is no subcommand; herd --help lists them\n");
    const Ran ran = run({herd_binary(), "serve", "Nobody"});
    CHECK(ran.err ==
          "herd: no server \"Nobody\" in built-in, but Goloman Hands Holiday Welsh Wilkes\n");
}

TEST_CASE("herd serve: with prefault, all memory is there at the start", "[live][program]") {
    const live::TemporaryFolder folder;
    const auto server = [&](const std::string& rest) {
        const auto config = live::write_file(folder / "herd.json", config_with(rest));
        return std::vector<std::string>{herd_binary(), "serve", "A", "--config", config};
    };
    const auto resident_kib = [&](const std::string& rest) {
        Process process(server(",\n\"limits\": {\"clients\": 100000}, " + rest));
        REQUIRE(process.says("A: clients on "));
        const auto status = live::read_file("/proc/" + std::to_string(process.pid()) + "/status");
        return std::stol(status.substr(status.find("VmRSS:") + 6));
    };
    CHECK(resident_kib("\"prefault\": false") < 100'000);
    CHECK(resident_kib("\"prefault\": true") > 262'144);  // which the blocks are

    const Ran ran =
        run(server(",\n\"limits\": {\"clients\": 500000000, \"blocks\": 16777216}, "
                   "\"prefault\": true"));
    CHECK(ran.code == 2);
    CHECK(ran.err.starts_with("A: memory: a server with all of its clients needs "));
}

TEST_CASE("herd serve: a journal that cannot be written is told of at once", "[live][program]") {
    const live::TemporaryFolder folder;
    const auto config = live::write_file(folder / "herd.json",
                                         config_with(R"(, "journal": {"folder": "/proc/none"})"));
    Process server({herd_binary(), "serve", "A", "--config", config});
    REQUIRE(server.says("A: clients on "));
    CHECK(server.err().starts_with("A: the journal in /proc/none cannot be written, "));
}

TEST_CASE("herd serve: listens, says so, and ends in order on either signal", "[live][program]") {
    const ThreeServers herd;
    for (const int signal : {SIGTERM, SIGINT}) {
        Process alpha(herd.serve("Alpha"));
        const std::string line = "Alpha: clients on 127.0.0.1:" + std::to_string(herd.clients[0]) +
                                 ", peers on 127.0.0.1:" + std::to_string(herd.peers[0]) + "\n";
        REQUIRE(alpha.says(line));
        Client idle(herd.clients[0]);
        CHECK(idle.ask("WHATSIT") == "? WHATSIT\n");
        alpha.signal(signal);
        CHECK(alpha.wait(std::chrono::seconds(5)) == 0);
        CHECK(idle.ended());
        CHECK(alpha.out() == line);
        CHECK(alpha.err().empty());
    }
    CHECK(live::read_file(herd.folder / "log" / "Alpha.log").find("event=stopped") !=
          std::string::npos);
}

TEST_CASE("herd serve: SIGHUP goes on in a new log where the old one was moved away",
          "[live][program]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    const auto path = herd.folder / "log" / "Alpha.log";
    // The log is written beside the loop.
    REQUIRE(eventually(
        [&] { return live::read_file(path).find("event=started") != std::string::npos; }));
    std::filesystem::rename(path, herd.folder / "log" / "Alpha.log.1");
    alpha.signal(SIGHUP);
    REQUIRE(eventually([&] {
        return std::filesystem::exists(path) &&
               live::read_file(path).find("event=log_reopened") != std::string::npos;
    }));
    CHECK(Client(herd.clients[0]).ask("IAMAT c +1-1 1").starts_with("AT Alpha "));
    alpha.signal(SIGTERM);
    CHECK(alpha.wait(std::chrono::seconds(5)) == 0);
    CHECK(live::read_file(path).find("event=stopped") != std::string::npos);
    CHECK(live::read_file(path).find("event=started") == std::string::npos);
}

TEST_CASE("herd serve: the log says that the table is full", "[live][program]") {
    const ThreeServers herd(",\n\"limits\": {\"clients\": 1}");
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    Client client(herd.clients[0]);
    CHECK(client.ask("IAMAT a +1-1 1").starts_with("AT Alpha "));
    CHECK(client.ask("IAMAT b +1-1 1") == "? IAMAT b +1-1 1\n");
    CHECK(eventually([&] {
        return live::read_file(herd.folder / "log" / "Alpha.log")
                   .find("level=warning event=table_full refused=1\n") != std::string::npos;
    }));
}

TEST_CASE("herd serve: where nobody tells of places, the log says who would", "[live][program]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    Client client(herd.clients[0]);
    REQUIRE(client.ask("IAMAT a +1-1 1").starts_with("AT Alpha "));
    CHECK(herd.send("Alpha", {"WHATSAT a 10 1"}).code == 0);
    CHECK(eventually([&] {
        return live::read_file(herd.folder / "log" / "Alpha.log")
                   .find(
                       "event=places_trouble kind=unreachable why=\"nobody listens at places.url, "
                       "as `herd places` does, which `herd up` starts\"\n") != std::string::npos;
    }));
}

TEST_CASE("herd serve: a second signal ends it at once", "[live][program]") {
    const ThreeServers herd(",\n\"limits\": {\"shutdown_ms\": 60000}");
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    // A finished connection that its client does not close keeps the server waiting.
    Client lazy(herd.clients[0]);
    REQUIRE(lazy.ask("WHATSIT") == "? WHATSIT\n");
    alpha.signal(SIGTERM);
    REQUIRE(eventually([&] { return !live::accepts(herd.clients[0]); }));
    CHECK_FALSE(alpha.ended());
    alpha.signal(SIGINT);
    CHECK(alpha.wait(std::chrono::seconds(5)) == 1);
}

TEST_CASE("herd serve: what keeps it from starting is one line", "[live][program]") {
    const ThreeServers herd;
    const live::LoopbackSocket other(herd.clients[0]);
    REQUIRE(other.bind());
    REQUIRE(other.listen());
    const Ran taken = run(herd.serve("Alpha"));
    CHECK(taken.code == 2);
    CHECK(taken.out.empty());
    CHECK(taken.err == "Alpha: clients' address 127.0.0.1:" + std::to_string(herd.clients[0]) +
                           ": Address already in use: does this server run already? `herd status` "
                           "says so, and `ss -lntup` who else is there\n");

    const Ran log = run(herd.command({"serve", "Beta", "--log-dir", "/nonexistent/log"}));
    CHECK(log.code == 2);
    CHECK(log.err == "Beta: log folder /nonexistent/log: No such file or directory\n");

    const auto config = live::write_file(
        herd.folder / "google.json",
        config_with(R"(, "places": {"provider": "google", "key_file": "/nonexistent/key"})"));
    const Ran key = run({herd_binary(), "serve", "A", "--config", config, "--log-dir", "-"});
    CHECK(key.code == 2);
    CHECK(key.err.find("/nonexistent/key") != std::string::npos);
}

TEST_CASE("herd serve: refuses to start with too few open files", "[live][program]") {
    const ThreeServers herd;
    const Ran ran = run(herd.serve("Alpha"), {.descriptors = 1000});
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("Alpha: open files (ulimit -n): "));
    CHECK(ran.err.find(" needed, 1000 allowed: ") != std::string::npos);
    const std::string advice = "set limits.connections to at most ";
    const std::size_t at = ran.err.find(advice);
    REQUIRE(at != std::string::npos);

    // The advice holds, and nothing more would do.
    const int most = std::stoi(ran.err.substr(at + advice.size()));
    const auto limited = [](int connections) {
        return ThreeServers(",\n\"limits\": {\"connections\": " + std::to_string(connections) +
                            "}");
    };
    const ThreeServers fits = limited(most);
    Process alpha(fits.serve("Alpha"), {.descriptors = 1000});
    CHECK(alpha.says("Alpha: clients on "));
    const ThreeServers one_more = limited(most + 1);
    CHECK(run(one_more.serve("Alpha"), {.descriptors = 1000}).code == 2);
    CHECK(run(one_more.command({"check"}), {.descriptors = 1000}).code == 1);
}

TEST_CASE("herd send: prints answers, and its exit code says how they were", "[live][program]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    const std::string report = std::string("IAMAT kiwi ") + live::place + " 1520023934.918963997";

    const Ran good = herd.send("Alpha", {report});
    CHECK(good.code == 0);
    CHECK(good.out.starts_with("AT Alpha +"));
    CHECK(good.out.ends_with(std::string(" kiwi ") + live::place + " 1520023934.918963997\n"));

    const Ran mixed = herd.send("Alpha", {report, "WHATSIT x", "", report});
    CHECK(mixed.code == 1);
    CHECK(mixed.out.find("\n? WHATSIT x\n? \nAT Alpha +") != std::string::npos);

    // Nobody runs the Places service here: an answer all the same, and its empty line.
    const Ran places = herd.send("Alpha", {"  WHATSAT kiwi 10 5", "WHATSAT nobody 10 5", report});
    CHECK(places.code == 1);
    CHECK(places.out.find("\"error_message\"") != std::string::npos);
    CHECK(places.out.find("}\n\n? WHATSAT nobody 10 5\nAT Alpha +") != std::string::npos);

    const Ran near = herd.send("Alpha", {"NEARBY +0+0 1 9", "\tNEARBY kiwi 1 9", "x"});
    CHECK(near.out.starts_with("NEARBY Alpha 0\n\nNEARBY Alpha 1\nNEAR 0.000 AT Alpha +"));
    CHECK(near.out.ends_with(" 1520023934.918963997\n\n? x\n"));

    const Ran unreachable = herd.send("Beta", {report});
    CHECK(unreachable.code == 2);
    CHECK(unreachable.out.empty());
    CHECK(unreachable.err ==
          "127.0.0.1:" + std::to_string(herd.clients[1]) + ": Connection refused\n");
}

TEST_CASE("herd send: takes any number of lines from its input", "[live][program]") {
    const ThreeServers herd;
    Process alpha(herd.serve("Alpha"));
    REQUIRE(alpha.says("Alpha: clients on "));
    std::string input;
    constexpr int count = 50'000;
    for (int i = 0; i < count; ++i) {
        input += "IAMAT c" + std::to_string(i) + " " + live::place + " 1520023934.5\n";
    }
    const Ran ran = run(herd.command({"send", "Alpha", "-"}), {.input = input});
    CHECK(ran.code == 0);
    CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == count);
    CHECK(ran.out.ends_with(std::string(" c49999 ") + live::place + " 1520023934.5\n"));
    CHECK(run(herd.command({"send", "Alpha", "-"})).code == 0);
}

TEST_CASE("herd places: answers, and ends in order", "[live][program]") {
    const auto port = std::to_string(live::take_ports(1).front());
    Process places({herd_binary(),
                    "places",
                    "--listen",
                    "127.0.0.1:" + port,
                    "--seed",
                    "3",
                    "--delay",
                    "1..2",
                    "--fail",
                    "100:500",
                    "--allow-inject"});
    REQUIRE(places.says("places listening on 127.0.0.1:" + port + "\n"));
    {
        Client client(static_cast<std::uint16_t>(std::stoi(port)));
        client.send(
            "GET /maps/api/place/nearbysearch/json?location=34,-118&radius=1000 HTTP/1.1"
            "\r\nHost: x\r\nConnection: close\r\n\r\n");
        CHECK(client.read_line().starts_with("HTTP/1.1 500 "));
    }
    places.signal(SIGTERM);
    CHECK(places.wait(std::chrono::seconds(5)) == 0);
}

}  // namespace program_test
