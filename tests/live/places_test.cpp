#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <poll.h>

namespace places_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr auto places_deadline = 900ms;
const std::string limits = R"("places_deadline_ms": 900)";

// Its own server of `herd places`, and one of the herd.
HerdSetup one_server() {
    return {.names = {"Solo"}, .links = {}, .limits = limits, .with_places = true};
}

// Each later than the last and at a place of its own, so that no two questions are one lookup; but
// all of them near Los Angeles, where there are places enough.
std::string iamat(const std::string& client) {
    static int count = 0;
    ++count;
    return "IAMAT " + client + " +34.0" + std::to_string(60'000 + count % 10'000) +
           "-118.445127 1600000000." + std::to_string(100'000'000 + count);
}

struct Answer {
    std::string at_line;
    std::string status;
    std::string message;
    std::size_t results = 0;
};

Answer read_answer(Client& client) {
    const std::string text = client.read_block();
    INFO(text);
    REQUIRE(text.ends_with("}\n\n"));
    const std::size_t line_end = text.find('\n');
    rapidjson::Document json;
    json.Parse(text.data() + line_end);
    REQUIRE(!json.HasParseError());
    REQUIRE(json["html_attributions"].IsArray());
    const bool has_message = json.HasMember("error_message");
    return {text.substr(0, line_end),
            json["status"].GetString(),
            has_message ? json["error_message"].GetString() : "",
            json["results"].Size()};
}

Answer whatsat(Client& client, const std::string& name) {
    client.send("WHATSAT " + name + " 10 5\n");
    return read_answer(client);
}

// How long one IAMAT takes, one after the other on one connection.
struct Latency {
    double median_us;
    double p99_us;
};

Latency measure(const Herd& herd, const std::string& server) {
    constexpr int count = 2000;
    Client client(herd.port(server));
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        const std::string line = iamat("measured");
        const auto begun = Clock::now();
        client.ask(line);
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
    }
    std::ranges::sort(times);
    return {times[count / 2], times[count * 99 / 100]};
}

// Of each the lower: whatever else the machine does only adds to it.
Latency best_of(const Latency& one, const Latency& other) {
    return {std::min(one.median_us, other.median_us), std::min(one.p99_us, other.p99_us)};
}

std::string every_command_line() {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        text += read_file(entry.path() / "cmdline");
    }
    return text;
}

}  // namespace

TEST_CASE("places: whatever befalls the service, who asks gets an answer within the deadline",
          "[live][places]") {
    Herd herd(one_server());
    Client client(herd.port("Solo"));
    for (const std::string fault : {"hang",
                                    "drip",
                                    "reset",
                                    "500",
                                    "503",
                                    "429",
                                    "html",
                                    "cut",
                                    "huge",
                                    "bad-json",
                                    "deny",
                                    "over-limit"}) {
        INFO(fault);
        herd.inject("fail=100:" + fault);
        const std::string at_line = client.ask(iamat(fault));
        const auto begun = Clock::now();
        const Answer answer = whatsat(client, fault);
        CHECK(Clock::now() - begun < places_deadline + 1s);
        CHECK(answer.at_line + "\n" == at_line);
        CHECK(answer.results == 0);
        CHECK_FALSE(answer.message.empty());
        const bool over_limit = fault == "429" || fault == "over-limit";
        CHECK(answer.status == (over_limit        ? "OVER_QUERY_LIMIT"
                                : fault == "deny" ? "REQUEST_DENIED"
                                                  : "UNKNOWN_ERROR"));
    }
    herd.inject("fail=none");
    CHECK(client.ask(iamat("after")).starts_with("AT Solo "));
    CHECK(whatsat(client, "after").status == "OK");
}

TEST_CASE("places: a service that is not there, dies or comes back is no worse", "[live][places]") {
    HerdSetup setup = one_server();
    setup.with_places = false;
    Herd herd(setup);
    Client client(herd.port("Solo"));
    client.ask(iamat("c"));
    CHECK(whatsat(client, "c").status == "UNKNOWN_ERROR");
    Process places(
        {herd_binary(), "places", "--listen", "127.0.0.1:" + std::to_string(herd.places_port())});
    REQUIRE(places.says("listening"));
    CHECK(whatsat(client, "c").status == "OK");
    places.signal(SIGKILL);
    REQUIRE(places.wait());
    CHECK(whatsat(client, "c").status == "UNKNOWN_ERROR");
}

TEST_CASE("places: a service that hangs does not slow down who reports a location",
          "[live][places]") {
    // Another server, of whom nobody asks anything, tells what this machine can do meanwhile.
    HerdSetup setup = one_server();
    setup.names.push_back("Quiet");
    setup.limits = R"("places_deadline_ms": 60000)";
    Herd herd(setup);
    herd.inject("fail=100:hang");
    std::vector<std::unique_ptr<Client>> asking;
    for (int i = 0; i < 100; ++i) {
        asking.push_back(std::make_unique<Client>(herd.port("Solo")));
        const std::string name = "asks" + std::to_string(i);
        asking.back()->ask(iamat(name));
        asking.back()->send("WHATSAT " + name + " 10 5\n");
    }
    // As many as may be in flight by default.
    REQUIRE(eventually([&] { return herd.searches() >= 64; }));
    // Who has been told that the service is too slow asks again: it stays under load throughout.
    const auto ask_again = [&] {
        for (std::size_t i = 0; i < asking.size(); ++i) {
            pollfd answered{asking[i]->fd(), POLLIN, 0};
            if (::poll(&answered, 1, 0) == 0) continue;
            CHECK(read_answer(*asking[i]).status == "UNKNOWN_ERROR");
            asking[i]->send("WHATSAT asks" + std::to_string(i) + " 10 5\n");
        }
    };
    Latency quiet = measure(herd, "Quiet");
    Latency hung = measure(herd, "Solo");
    CHECK(eventually([&] {
        ask_again();
        quiet = best_of(quiet, measure(herd, "Quiet"));
        hung = best_of(hung, measure(herd, "Solo"));
        // A sleeping core takes six times as long as one that is awake, and one in a hundred waits
        // for somebody else's turn; a loop that is held up takes a thousand times as long.
        return hung.median_us <= 10 * quiet.median_us && hung.p99_us <= 100 * quiet.median_us;
    }));
    std::printf("figure: IAMAT with hung places / without: median %.0f/%.0f us, p99 %.0f/%.0f us\n",
                hung.median_us,
                quiet.median_us,
                hung.p99_us,
                quiet.p99_us);
}

TEST_CASE("places: 1,000 identical questions in flight are one request upstream",
          "[live][places]") {
    Herd herd(one_server());
    herd.ask("Solo", iamat("c"));
    // The first one of all waits until libcurl is loaded, too.
    herd.ask_block("Solo", "WHATSAT c 10 1");
    herd.inject("delay=700");
    const auto before = herd.searches();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<Client>(herd.port("Solo")));
        clients.back()->send("WHATSAT c 10 " + std::to_string(1 + i % 20) + "\n");
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
        const Answer answer = read_answer(*clients[i]);
        CHECK(answer.status == "OK");
        CHECK(answer.results == 1 + i % 20);
    }
    CHECK(herd.searches() == before + 1);
}

TEST_CASE("places: more questions than may wait are answered at once", "[live][places]") {
    HerdSetup setup = one_server();
    setup.limits += R"(, "places_in_flight": 2, "places_queue": 3)";
    Herd herd(setup);
    herd.inject("fail=100:hang");
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<Client>(herd.port("Solo")));
        const std::string name = "c" + std::to_string(i);
        clients.back()->ask(iamat(name));
        clients.back()->send("WHATSAT " + name + " 10 5\n");
    }
    std::ptrdiff_t refused = 0;
    for (auto& client : clients) refused += read_answer(*client).status == "OVER_QUERY_LIMIT";
    CHECK(refused == 3);
}

TEST_CASE("places: without libcurl all else goes on, and it is said why", "[live][places]") {
    const TemporaryFolder folder;
    write_file(folder / "libcurl.so.4", "This is no library.\n");
    const std::string broken = "LD_LIBRARY_PATH=" + folder.path().string();
    Herd herd({.names = {"Solo"}, .links = {}});
    herd.kill("Solo", SIGTERM);
    Process server(
        {"/usr/bin/env", broken, herd_binary(), "serve", "Solo", "--config", herd.config()});
    REQUIRE(server.says(": clients on "));
    Client client(herd.port("Solo"));
    client.send(iamat("c") + "\n");
    CHECK(client.read_line().starts_with("AT Solo "));
    for (int i = 0; i < 2; ++i) {
        CHECK(whatsat(client, "c").message == "This server could not ask the Places service.");
    }
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
    CHECK(herd.log("Solo").find("libcurl.so.4: ") != std::string::npos);
    const auto check =
        run({"/usr/bin/env", broken, herd_binary(), "check", "--config", herd.config()});
    CHECK(check.code == 1);
    CHECK((check.out + check.err).find("error: nobody would find places: ") != std::string::npos);
}

TEST_CASE("places: a server loads libcurl when it is first asked for places", "[live][places]") {
    Herd herd(one_server());
    const auto loaded = [&] {
        const int pid = herd.server("Solo").pid();
        const std::string maps = read_file("/proc/" + std::to_string(pid) + "/maps");
        return maps.find("/libcurl.so") != std::string::npos;
    };
    herd.ask("Solo", iamat("c"));
    CHECK(herd.ask_block("Solo", "WHATSAT c 10 0").find("\"OK\"") != std::string::npos);
    CHECK_FALSE(loaded());
    CHECK(herd.ask_block("Solo", "WHATSAT c 10 5").find("\"OK\"") != std::string::npos);
    CHECK(loaded());
}

TEST_CASE("places: the key of the service appears nowhere but in the requests to it",
          "[live][places]") {
    const std::string key = "AIzaSyLiveTestKeyThatNobodyMaySee";
    const TemporaryFolder folder;
    const auto key_file = write_secret(folder / "key", key + "\n");
    const auto wrong_file = write_secret(folder / "wrong", key + "-wrong\n");
    for (const std::string provider : {"google", "google-legacy"}) {
        for (const auto& told : {key_file, wrong_file}) {
            HerdSetup setup = one_server();
            setup.provider = provider;
            setup.places = ",\"key_file\":\"" + told.string() + "\"";
            setup.limits = R"("places_deadline_ms": 500)";
            setup.with_places = false;
            setup.wire = true;
            Herd herd(setup);
            Process places({herd_binary(),
                            "places",
                            "--require-key",
                            key_file,
                            "--allow-inject",
                            "--listen",
                            "127.0.0.1:" + std::to_string(herd.places_port())});
            REQUIRE(places.says("listening"));
            herd.ask("Solo", iamat("c"));
            std::string seen;
            for (const std::string fault :
                 {"none", "100:deny", "100:500", "100:reset", "100:hang"}) {
                herd.inject("fail=" + fault);
                const std::string answer = herd.ask_block("Solo", "WHATSAT c 10 5");
                const bool fine = answer.find("\"OK\"") != std::string::npos;
                CHECK(fine == (fault == "none" && told == key_file));
                seen += answer;
            }
            seen += every_command_line();
            herd.kill("Solo", SIGTERM);
            seen += herd.log("Solo") + herd.server("Solo").out() + herd.server("Solo").err();
            seen += places.out() + places.err();
            CHECK(seen.find("WHATSAT c 10 5") != std::string::npos);
            CHECK(seen.find(key) == std::string::npos);
        }
    }
}

}  // namespace places_test
