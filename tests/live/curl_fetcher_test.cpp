#include "herd/places/upstream.hpp"
#include "reactor/loop.hpp"
#include "tests/live/curl_life.hpp"
#include "tests/live/pulse.hpp"
#include "tests/live/rude_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;

// A resolver that hangs for names under ".hung", as real ones do when their server is away, and
// finds those under ".here".
namespace {

constexpr auto hung_time = 3s;
std::atomic<int> hung_now = 0;
std::atomic<int> hung_ever = 0;

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int getaddrinfo(const char* host,
                           const char* service,
                           const addrinfo* hints,
                           addrinfo** out) {
    if (host != nullptr && std::string_view(host).ends_with(".hung")) {
        ++hung_now;
        ++hung_ever;
        std::this_thread::sleep_for(hung_time);
        --hung_now;
        return EAI_AGAIN;
    }
    using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    const bool here = host != nullptr && std::string_view(host).ends_with(".here");
    return next(here ? "127.0.0.1" : host, service, hints, out);
}

namespace herd {
namespace {

using places_test::Asker;
using places_test::check_shape;
using places_test::check_trouble;
using places_test::found;
using places_test::Life;
using places_test::limits_of;
using places_test::listen_on;
using places_test::loopback;
using places_test::Manner;
using places_test::port_of;
using places_test::Pulse;
using places_test::RudeServer;

std::size_t descriptors() {
    std::size_t count = 0;
    DIR* folder = opendir("/proc/self/fd");
    while (readdir(folder) != nullptr) ++count;
    closedir(folder);
    return count;
}

TEST_CASE("curl fetcher: a good answer arrives as it was sent", "[live][curl]") {
    RudeServer server(Manner::good);
    Life life(server.url());
    const Asker& asker = life.ask();
    life.run();
    check_shape(asker);
    CHECK(asker.text == found);
    CHECK(server.last_request().starts_with("GET /maps/api/place/nearbysearch/json?location=1"));
    CHECK(server.last_request().find("key=AIzaVerySecretKey") != std::string::npos);
    CHECK(server.last_request().find("Accept-Encoding: gzip") != std::string::npos);
}

TEST_CASE("curl fetcher: the new service is sent a POST with its headers", "[live][curl]") {
    RudeServer server(Manner::good);
    Life life(server.url(), config::Provider::google);
    const Asker& asker = life.ask();
    life.run();
    check_shape(asker);
    const auto request = server.last_request();
    CHECK(request.starts_with("POST /v1/places:searchNearby HTTP/1.1\r\n"));
    CHECK(request.find("X-Goog-Api-Key: AIzaVerySecretKey\r\n") != std::string::npos);
    CHECK(request.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(request.find("\r\nContent-Length: ") != std::string::npos);
}

TEST_CASE("curl fetcher: every bad manner becomes an answer in time", "[live][curl]") {
    struct Expected {
        Manner manner;
        places::Trouble trouble;
        int requests;
    };
    const auto expected = GENERATE(Expected{Manner::hang, places::Trouble::timed_out, 1},
                                   Expected{Manner::drip, places::Trouble::timed_out, 1},
                                   Expected{Manner::reset, places::Trouble::broken_off, 2},
                                   Expected{Manner::error_500, places::Trouble::failing, 2},
                                   Expected{Manner::quota_429, places::Trouble::over_limit, 1},
                                   Expected{Manner::html, places::Trouble::malformed, 2},
                                   Expected{Manner::redirect, places::Trouble::malformed, 2},
                                   Expected{Manner::cut, places::Trouble::broken_off, 2},
                                   Expected{Manner::huge, places::Trouble::too_large, 1},
                                   Expected{Manner::many_headers, places::Trouble::too_large, 1},
                                   Expected{Manner::long_header, places::Trouble::too_large, 1},
                                   Expected{Manner::many_continues, places::Trouble::too_large, 1},
                                   Expected{Manner::only_headers, places::Trouble::broken_off, 2},
                                   Expected{Manner::not_http, places::Trouble::broken_off, 2},
                                   Expected{Manner::silent_close, places::Trouble::broken_off, 2});
    RudeServer server(expected.manner);
    Life life(server.url());
    const Asker& asker = life.ask();
    const Asker& sharer = life.ask();
    life.run();
    check_trouble(asker, expected.trouble);
    CHECK(sharer.text == asker.text);
    CHECK(server.requests <= expected.requests);
    CHECK(life.counters().troubles[std::to_underlying(expected.trouble)] >= 1);
    CHECK(life.service->fetcher().counters().unexpected == 0);
    server.manner = Manner::good;
    const Asker& next = life.ask();
    life.run();
    CHECK(next.text == found);
}

TEST_CASE("curl fetcher: a port where nobody listens is said to be unreachable", "[live][curl]") {
    // Bound, so that nobody else can have the port meanwhile.
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto any = loopback(0);
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
    Life life("http://127.0.0.1:" + std::to_string(port_of(fd)));
    const Asker& asker = life.ask();
    life.run();
    close(fd);
    check_trouble(asker, places::Trouble::unreachable);
    CHECK(life.counters().retries == 1);
}

TEST_CASE("curl fetcher: a full backlog costs nobody a descriptor", "[live][curl]") {
    const int listener = listen_on(0, 0);
    const auto address = loopback(port_of(listener));
    std::vector<int> fillers(8);
    for (int& filler : fillers) {
        filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        static_cast<void>(
            connect(filler, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    }
    Life life("http://127.0.0.1:" + std::to_string(port_of(listener)));
    const auto before = descriptors();
    for (int i = 0; i < 60; ++i) life.ask(i);
    life.run();
    for (const Asker& asker : life.askers) check_shape(asker);
    CHECK(life.counters().answered == 0);
    CHECK(descriptors() <= before);
    for (const int filler : fillers) close(filler);
    close(listener);
}

TEST_CASE("curl fetcher: connections are used again, also after a restart", "[live][curl]") {
    auto server = std::make_unique<RudeServer>(Manner::good);
    const auto port = server->port;
    Life life(server->url());
    for (int i = 0; i < 20; ++i) {
        life.ask(i);
        life.run();
    }
    CHECK(server->accepted == 1);
    server.reset();
    server = std::make_unique<RudeServer>(Manner::good, port);
    for (int i = 0; i < 20; ++i) {
        life.ask(i);
        life.run();
    }
    CHECK(server->accepted == 1);
    for (const Asker& asker : life.askers) CHECK(asker.text == found);
    CHECK(life.counters().retries == 0);
}

TEST_CASE("curl fetcher: an idle connection that the server ends wakes nobody", "[live][curl]") {
    auto server = std::make_unique<RudeServer>(Manner::good);
    Life life(server->url());
    life.ask();
    life.run();
    server.reset();
    Pulse pulse(life.loop);
    int turns = 0;
    while (pulse.beats < 20) {
        life.loop.run_once();
        ++turns;
    }
    CHECK(turns < 100);
}

TEST_CASE("curl fetcher: five hundred timeouts leave no descriptor behind", "[live][curl]") {
    RudeServer server(Manner::hang);
    config::Limits limits = limits_of(50);
    limits.places_deadline_ms = 100;
    Life life(server.url(), config::Provider::google_legacy, limits);
    const auto before = descriptors();
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 50; ++i) life.ask(i + round);
        life.run();
    }
    for (const Asker& asker : life.askers) CHECK(asker.answers == 1);
    CHECK(life.counters().troubles[std::to_underlying(places::Trouble::timed_out)] > 100);
    // The server's ends are in this process too.
    for (int i = 0; i < 500 && server.open() > 0; ++i) std::this_thread::sleep_for(10ms);
    CHECK(descriptors() <= before);
    CHECK(life.service->fetcher().counters().unwatched == 0);

    server.manner = Manner::good;
    // In a tenth of a second, when the machine has nothing better to do.
    for (int i = 0; i < 50 && life.askers.back().text != found; ++i) {
        life.ask(i);
        life.run();
    }
    CHECK(life.askers.back().text == found);
}

TEST_CASE("curl fetcher: a thousand clients keep at most their slots busy", "[live][curl]") {
    RudeServer server(Manner::good);
    Life life(server.url());
    for (int i = 0; i < 1000; ++i) life.ask(i % 90);
    life.run();
    for (const Asker& asker : life.askers) CHECK(asker.text == found);
    CHECK(life.counters().requests == 90);
    CHECK(server.requests == 90);
    CHECK(server.accepted <= 16);
    CHECK(life.service->fetcher().counters().unexpected == 0);
}

TEST_CASE("curl fetcher: the environment's proxies are not obeyed", "[live][curl]") {
    for (const auto* name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
        setenv(name, "http://127.0.0.1:1", 1);
    }
    RudeServer server(Manner::good);
    Life life(server.url());
    const Asker& asker = life.ask();
    life.run();
    for (const auto* name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
        unsetenv(name);
    }
    CHECK(asker.text == found);
}

TEST_CASE("curl fetcher: who leaves in the middle ends the transfer", "[live][curl]") {
    RudeServer server(Manner::hang);
    Life life(server.url());
    const auto before = descriptors();
    // One more than may be in flight.
    for (int round = 0; round < 17; ++round) {
        Asker& asker = life.ask(round);
        while (server.requests <= round) life.loop.run_once();
        life.service->places().cancel(asker.ticket);
        CHECK(life.service->client().waiting() == 0);
        CHECK(asker.answers == 0);
    }
    for (int i = 0; i < 500 && server.open() > 0; ++i) std::this_thread::sleep_for(10ms);
    CHECK(descriptors() <= before);
}

TEST_CASE("curl fetcher: it may end with transfers under way", "[live][curl]") {
    RudeServer server(Manner::hang);
    const auto before = descriptors();
    {
        Life life(server.url());
        for (int i = 0; i < 30; ++i) life.ask(i);
        while (server.requests < 16) life.loop.run_once();
    }
    // So is the thread that has loaded libcurl.
    for (int i = 0; i < 500 && descriptors() > before; ++i) std::this_thread::sleep_for(10ms);
    CHECK(descriptors() <= before);
}

TEST_CASE("curl fetcher: a resolver that hangs does not stop the loop", "[live][curl]") {
    Life life("http://places.hung", config::Provider::offline);
    Pulse pulse(life.loop);
    for (int i = 0; i < 40; ++i) life.ask(i);
    life.run();
    for (const Asker& asker : life.askers) {
        check_shape(asker);
        CHECK(asker.took < hung_time);
    }
    CHECK(pulse.longest < hung_time / 2);
    CHECK(hung_ever <= 4 * static_cast<int>(places::CurlFetcher::concurrency_unresolved));
    // Its threads outlive their transfers; not the process, if we can help it.
    while (hung_now > 0) std::this_thread::sleep_for(10ms);
}

TEST_CASE("curl fetcher: what cannot start says so in one line", "[live][curl]") {
    reactor::Loop loop;
    REQUIRE(loop.open({512, 16}).has_value());
    config::Limits limits = limits_of();
    places::Upstream service(loop);
    SECTION("too many at a time") {
        limits.places_in_flight = 1'000;
        CHECK(service.open({}, limits).error() == "limits.places_in_flight: must be 1 to 85");
    }
    SECTION("no key") {
        CHECK(service.open({config::Provider::google, {}, {}}, limits).error() ==
              "places.key_file: is not set");
    }
}

}  // namespace
}  // namespace herd
