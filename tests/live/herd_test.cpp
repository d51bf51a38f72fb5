#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace herd_test {

using namespace live;
using namespace std::chrono_literals;

// The numbers are those of the protocol's requirements on the herd as a whole.
namespace {

const std::string where = " +34.068930-118.445127 ";

std::string iamat(const std::string& client, int second = 0) {
    return "IAMAT " + client + where + std::to_string(1'600'000'000 + second) + ".918963997";
}

bool are_linked(const std::string& one, const std::string& other) {
    return std::ranges::any_of(five_links, [&](const auto& link) {
        return link == std::pair(one, other) || link == std::pair(other, one);
    });
}

// All that still stand and can be reached from `start` when `down` are down, itself too.
std::set<std::string> reached(const std::string& start, const std::set<std::string>& down) {
    std::set<std::string> found{start};
    for (std::size_t size = 0; size != found.size();) {
        size = found.size();
        for (const auto& [one, other] : five_links) {
            if (down.contains(one) || down.contains(other)) continue;
            if (found.contains(one)) found.insert(other);
            if (found.contains(other)) found.insert(one);
        }
    }
    return found;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
}

}  // namespace

TEST_CASE("spec 1, 4: each server is started by its name and serves clients on its own port",
          "[live][herd]") {
    Herd herd;
    for (const auto& name : herd.names()) {
        CHECK(herd.ask(name, iamat("c")).starts_with("AT " + name + " "));
    }
}

TEST_CASE("spec 2-3: only neighbours talk with each other, in both directions", "[live][herd]") {
    Herd herd;
    for (const auto& name : herd.names()) {
        for (const auto& other : herd.names()) {
            const bool linked = std::ranges::count(five_links, std::pair(name, other)) > 0 ||
                                std::ranges::count(five_links, std::pair(other, name)) > 0;
            const auto connected = [&] {
                const std::string from = "event=neighbour_connected neighbour=" + other + " ";
                return count(herd.log(name), from) > 0;
            };
            CHECK(linked == (linked ? eventually(connected) : connected()));
        }
    }
}

TEST_CASE("spec 5, 25, 44: 200 times, an IAMAT that was answered is known at every other server",
          "[live][herd]") {
    Herd herd;
    std::map<std::string, Client> clients;
    for (const auto& name : herd.names()) clients.try_emplace(name, herd.port(name));
    std::size_t late_next = 0;
    std::size_t late_further = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string& told = herd.names()[static_cast<std::size_t>(i) % 5];
        const std::string answer = clients.at(told).ask(iamat("c", i));
        for (const auto& name : herd.names()) {
            clients.at(name).send("WHATSAT c 1 0\n");
            if (clients.at(name).read_block().starts_with(answer)) continue;
            ++(are_linked(told, name) ? late_next : late_further);
            REQUIRE(eventually([&] { return herd.line_of(name, "c") == answer; }));
        }
    }
    std::printf(
        "figure: before the flood came %zu of 480 questions at a neighbour, %zu of 320 at "
        "one further away\n",
        late_next,
        late_further);
    // Over one link the flood is ahead of whoever has heard the answer; over two it may be
    // overtaken, on a machine that does something else at the time.
    CHECK(late_next <= 4);
    CHECK(late_further <= 96);
}

TEST_CASE("spec 6: places are fetched by the server that is asked, and only on being asked",
          "[live][herd]") {
    Herd herd({.with_places = true});
    herd.ask("Goloman", iamat("c"));
    REQUIRE(eventually([&] { return herd.line_of("Welsh", "c").starts_with("AT Goloman "); }));
    CHECK(herd.searches() == 0);
    std::uint64_t asked = 0;
    for (const auto& name : herd.names()) {
        Client client(herd.port(name));
        client.send("WHATSAT c 10 5\n");
        CHECK(client.read_block().find("\"OK\"") != std::string::npos);
        CHECK(herd.searches() == ++asked);
    }
}

TEST_CASE("spec 7-8: a server that comes back takes part as before", "[live][herd]") {
    Herd herd;
    for (const auto& name : herd.names()) {
        herd.kill(name);
        herd.start(name);
        const std::string answer = herd.ask(name, iamat("after-" + name));
        for (const auto& other : herd.names()) {
            CHECK(eventually([&] { return herd.line_of(other, "after-" + name) == answer; }));
        }
    }
}

TEST_CASE("spec 9, 46: with any two servers down the others that are connected know an update",
          "[live][herd]") {
    Herd herd;
    int second = 0;
    for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t j = i + 1; j < 5; ++j) {
            const std::set<std::string> down{herd.names()[i], herd.names()[j]};
            INFO("down: " << herd.names()[i] << " and " << herd.names()[j]);
            for (const auto& name : down) herd.server(name).signal(SIGTERM);
            for (const auto& name : down) REQUIRE(herd.server(name).wait() == 0);
            const std::string client = "c" + std::to_string(++second);
            std::string told;
            for (const auto& name : herd.names()) {
                if (told.empty() && !down.contains(name)) told = name;
            }
            const std::string answer = herd.ask(told, iamat(client));
            const auto connected = reached(told, down);
            for (const auto& name : herd.names()) {
                if (down.contains(name)) continue;
                const auto line = [&] { return herd.line_of(name, client); };
                if (connected.contains(name)) CHECK(eventually([&] { return line() == answer; }));
                if (!connected.contains(name)) CHECK(line() == "? WHATSAT " + client + " 1 0\n");
            }
            for (const auto& name : down) herd.start(name);
            for (const auto& name : down) herd.await_links(name);
        }
    }
    for (const auto& name : herd.names()) CHECK_FALSE(herd.server(name).ended());
}

TEST_CASE("spec 34-36: the log has every line in and out and each connection of other servers",
          "[live][herd]") {
    Herd herd({.wire = true});
    const std::string odd = "\xff\"\\";
    const std::string answer = herd.ask("Hands", iamat("c"));
    herd.ask("Hands", odd);
    const auto logged = [&](const std::string& what) {
        return eventually([&] { return herd.log("Hands").find(what) != std::string::npos; });
    };
    CHECK(logged("event=in line=\"" + iamat("c") + "\"\n"));
    CHECK(logged("event=out line=\"" + answer.substr(0, answer.size() - 1) + "\"\n"));
    CHECK(logged("event=in line=\"\\xff\\\"\\\\\"\n"));
    CHECK(logged("event=out line=\"? \\xff\\\"\\\\\"\n"));
    CHECK(logged("event=neighbour_connected neighbour=Goloman "));
    CHECK(logged("event=link_up neighbour=Goloman "));
    CHECK(logged("event=peer_in line=\"HELLO 1 Goloman "));
    std::istringstream lines(herd.log("Hands"));
    for (std::string line; std::getline(lines, line) && !lines.eof();) {
        if (line.find("event=peer_in") == std::string::npos) continue;
        const bool proves =
            line.find("HELLO") != std::string::npos || line.find("COOKIE") != std::string::npos;
        CHECK(line.ends_with(" secret=hidden") == proves);
    }
    herd.kill("Goloman");
    CHECK(logged("event=neighbour_dropped neighbour=Goloman\n"));
    CHECK(logged("event=link_down neighbour=Goloman\n"));
    const auto connected = [&] {
        return count(herd.log("Hands"), "event=neighbour_connected neighbour=Goloman ");
    };
    const std::size_t before = connected();
    herd.start("Goloman");
    CHECK(eventually([&] { return connected() > before; }));
}

TEST_CASE("spec 45: a server killed with SIGTERM is up again on its port 0.3 s later",
          "[live][herd]") {
    Herd herd;
    for (const auto& name : herd.names()) {
        INFO(name);
        Client idle(herd.port(name));
        idle.ask(iamat("idle"));
        herd.server(name).signal(SIGTERM);
        // The pause is what the requirement says.
        std::this_thread::sleep_for(300ms);
        const auto begun = Clock::now();
        herd.start(name);
        CHECK(Clock::now() - begun < 2s);
        const std::string answer = herd.ask(name, iamat("again-" + name));
        REQUIRE(answer.starts_with("AT " + name + " "));
        for (const auto& other : herd.names()) {
            CHECK(eventually([&] { return herd.line_of(other, "again-" + name) == answer; }, 5s));
        }
    }
}

TEST_CASE("spec 45: a server takes over from a predecessor that still drains", "[live][herd]") {
    Herd herd({.limits = R"("linger_ms": 20000, "shutdown_ms": 20000)"});
    Client lingers(herd.port("Goloman"));
    lingers.ask(iamat("lingers"));
    const int predecessor = herd.server("Goloman").pid();
    herd.server("Goloman").signal(SIGTERM);
    REQUIRE(eventually([&] { return !accepts(herd.port("Goloman")); }));
    herd.start("Goloman");

    const std::string own = herd.ask("Goloman", iamat("own"));
    const std::string others = herd.ask("Welsh", iamat("others"));
    CHECK(eventually([&] { return herd.line_of("Welsh", "own") == own; }, 3s));
    CHECK(eventually([&] { return herd.line_of("Goloman", "others") == others; }, 3s));
    CHECK(runs(predecessor));
    for (const std::string name : {"Hands", "Holiday", "Wilkes"}) {
        const std::string connected = "event=neighbour_connected neighbour=Goloman ";
        const auto disputed = [&] { return count(herd.log(name), connected) > 2; };
        CHECK_FALSE(eventually(disputed, 300ms));
    }
}

TEST_CASE("spec 3: what is not a neighbour is refused on the port for servers", "[live][herd]") {
    Herd herd({.sealed = false});
    for (const std::string& line : {iamat("c"),
                                    std::string("HELLO 1 Welsh 1 0 0"),
                                    std::string("HELLO 1 Welsh 00000000000000ab 0 0"),
                                    "AT Hands +0.1 c" + where + "1.0",
                                    std::string("\xff")}) {
        Client stranger(herd.peer_port("Hands"));
        stranger.send(line + "\n");
        CHECK(stranger.read_all().starts_with("ERR "));
    }
    CHECK(herd.line_of("Hands", "c").starts_with("? "));
}

TEST_CASE("spec 5: neighbours tell with AT lines, whose unfinished last one does not count",
          "[live][herd]") {
    Herd herd({.names = {"One", "Other"}, .links = {{"One", "Other"}}, .sealed = false});
    herd.kill("Other");
    const std::string cookie = live::cookie_told(herd.peer_port("Other"));
    Client neighbour(herd.peer_port("One"));
    CHECK(neighbour.ask("HELLO 1 Other 00000000000000ab 2 0 0000000000000001 " + cookie)
              .starts_with("WELCOME 1 One "));
    const std::string told = "AT Other -0.100000000 told" + where + "1.5";
    neighbour.send(told + " Hop Hop\n" + "AT Other +0.1 cut" + where + "1.5");
    neighbour.end();
    neighbour.read_all();
    CHECK(herd.line_of("One", "told") == told + "\n");
    CHECK(herd.line_of("One", "cut") == "? WHATSAT cut 1 0\n");
}

TEST_CASE("spec 37: an asyncio client that half-closes and then reads once is served",
          "[live][herd]") {
    const std::string script = R"(
import asyncio, sys
async def ask(line):
    reader, writer = await asyncio.open_connection('127.0.0.1', int(sys.argv[1]))
    writer.write(line.encode())
    writer.write_eof()
    answer = await reader.read(1000000)
    writer.close()
    return answer.decode()
async def main():
    told = await ask('IAMAT kiwi +34.068930-118.445127 1520023934.918963997')
    asked = await ask('WHATSAT kiwi 10 5')
    print(asked.startswith(told) and asked.endswith('}\n\n'))
asyncio.run(main())
)";
    Herd herd({.with_places = true});
    const auto ran = run({"python3", "-c", script, std::to_string(herd.port("Goloman"))});
    INFO(ran.err);
    CHECK(ran.out == "True\n");
}

TEST_CASE("spec 37: telnet's and netcat's way of speaking is understood", "[live][herd]") {
    Herd herd;
    Client telnet(herd.port("Goloman"));
    for (const char byte : iamat("typed") + "\r\n") telnet.send(std::string(1, byte));
    CHECK(telnet.read_line().starts_with("AT Goloman "));
    Client netcat(herd.port("Goloman"));
    netcat.send("WHATSAT typed 10 0\n");
    netcat.end();
    CHECK(netcat.read_all().ends_with("}\n\n"));
}

TEST_CASE("spec 37, 48: a connection stays open for more, until the client ends it",
          "[live][herd]") {
    Herd herd;
    Client client(herd.port("Goloman"));
    for (int i = 0; i < 3; ++i) CHECK(client.ask(iamat("c", i)).starts_with("AT Goloman "));
    client.end();
    CHECK(client.read_all().empty());
}

TEST_CASE("spec 25: an older or equal report is answered, but neither stored nor flooded",
          "[live][herd]") {
    Herd herd;
    const std::string newest = herd.ask("Goloman", iamat("c", 9));
    for (const std::string told : {"Hands", "Wilkes"}) {
        REQUIRE(eventually([&] { return herd.line_of(told, "c") == newest; }));
    }
    CHECK(herd.ask("Hands", iamat("c", 8)).ends_with(iamat("c", 8).substr(6) + "\n"));
    CHECK(herd.ask("Wilkes", iamat("c", 9)).starts_with("AT Wilkes "));
    // Were they flooded, these would come behind them.
    for (const std::string told : {"Hands", "Wilkes"}) {
        const std::string marker = "marker-" + told;
        const std::string marked = herd.ask(told, iamat(marker));
        for (const auto& name : herd.names()) {
            REQUIRE(eventually([&] { return herd.line_of(name, marker) == marked; }));
            CHECK(herd.line_of(name, "c") == newest);
        }
    }
}

}  // namespace herd_test
