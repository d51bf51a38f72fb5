#include "herd/server.hpp"
#include "tests/unit/herd/web/web_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace follow_stream_test {

using namespace herd;
using namespace herd::web_world;

namespace {

constexpr std::uint16_t clients = 1000;

// Somebody's stream, open until the world ends.
struct Follower {
    Follower(World& its_world, const std::string& question)
        : Follower(its_world, question, "", its_world.connect(http_port)) {}
    Follower(World& its_world, const std::string& question, const std::string& more, int its_fd)
        : world(its_world), fd(its_fd) {
        world.say(fd,
                  "GET /follow?" + question + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n");
    }
    // The events that have come since the last time, a line each: "now ...".
    std::string hear() {
        std::string all;
        for (std::string more = world.hear(fd); !more.empty(); more = world.hear(fd)) all += more;
        std::string events;
        for (std::size_t at = 0; (at = all.find("event:", at)) != std::string::npos;) {
            at += std::string_view("event:").size();
            const std::size_t data = all.find("\ndata:", at);
            const std::size_t end = all.find("\n\n", data);
            REQUIRE(end != std::string::npos);
            events += all.substr(at, data - at) + " ";
            events += all.substr(data + 6, end - data - 6) + "\n";
        }
        return events;
    }
    void leave() {
        world.kernel.enter(visitors);
        world.kernel.close(fd);
        world.run(1ms);
    }

    World& world;
    int fd;
};

void report(World& world, const std::string& text, std::uint16_t port = clients) {
    const int fd = world.connect(port);
    world.say(fd, text + "\n");
    world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
}

const std::string begun = "follow {\"server\":\"A\"}\n";

std::string now(const std::string& client, const std::string& where, const char* time) {
    return R"(now {"client":")" + client + "\"," + where + R"(,"time":")" + time +
           R"(","server":"A"})" + "\n";
}

}  // namespace

TEST_CASE("follow, as a stream: a client is told of at once, and whenever it moves",
          "[herd][web]") {
    World world(with_http(), 2);
    report(world, "IAMAT kiwi +34.068930-118.445127 5");
    Follower follower(world, "client=kiwi");
    CHECK(follower.hear() ==
          begun + now("kiwi", R"("latitude":34.068930,"longitude":-118.445127)", "5"));
    report(world, "IAMAT other +1+1 5");
    report(world, "IAMAT kiwi +1.5-2 6.25");
    CHECK(follower.hear() == now("kiwi", R"("latitude":1.5,"longitude":-2)", "6.25"));
    // Of one that nobody has heard of, too.
    Follower early(world, "client=a%2Fb");
    CHECK(early.hear() == begun);
    report(world, "IAMAT a/b +1+2 7", clients + 1);
    CHECK(early.hear().starts_with("now {\"client\":\"a/b\",\"latitude\":1,"));
    world.a().check();
    follower.leave();
    early.leave();
    world.run(11s);
    CHECK(world.a().clients().subscriptions() == 0);
    world.a().check();
}

TEST_CASE("follow, as a stream: an area's clients come and go", "[herd][web]") {
    World world(with_http());
    report(world, "IAMAT in +34.0690-118.4450 5");
    report(world, "IAMAT out +35-118 5");
    Follower follower(world, "latitude=34.0689&longitude=-118.4451&radius=2.5");
    CHECK(follower.hear() == begun + now("in", R"("latitude":34.0690,"longitude":-118.4450)", "5"));
    report(world, "IAMAT \"x\xff +34.07-118.44 6");
    CHECK(follower.hear().starts_with("now {\"client\":\"\\\"x\xef\xbf\xbd\","));
    report(world, "IAMAT in +36-118 7");
    CHECK(follower.hear() == "gone {\"client\":\"in\"}\n");
    report(world, "IAMAT \"x\xff +36-118 7");
    CHECK(follower.hear() == "gone {\"client\":\"\\\"x\xef\xbf\xbd\"}\n");
}

TEST_CASE("follow, as a stream: a browser has it as events that nobody keeps", "[herd][web]") {
    World world(with_http());
    Follower follower(world, "client=kiwi");
    const std::string answer = world.hear(follower.fd);
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    CHECK(answer.find("Cache-Control: no-store\r\n") != std::string::npos);
    // Blank lines stand behind data only: some clients make a message of each. These are chunks.
    CHECK(answer.find("\r\nretry:2000\n\r\n") != std::string::npos);
    // A HEAD is answered, and follows nobody.
    const std::string head = ask(world,
                                 "HEAD /follow?client=kiwi HTTP/1.1\r\nHost: localhost\r\n"
                                 "Connection: close\r\n\r\n");
    CHECK(status_of(head) == "HTTP/1.1 200 OK");
    CHECK(world.a().clients().subscriptions() == 1);
    // Where nobody moves something is said, so that no proxy ends it, nor a client of Node.js.
    world.run(5s);
    const std::string quiet = world.hear(follower.fd);
    CHECK(quiet == "2\r\n:\n\r\n");
    world.a().check();
}

TEST_CASE("follow, as a stream: what is no question has a clear answer", "[herd][web]") {
    World world(with_http());
    for (const char* wrong : {"",
                              "?client=",
                              "?client=a%20b",
                              "?latitude=1&longitude=2",
                              "?latitude=91&longitude=2&radius=1",
                              "?latitude=1&longitude=2&radius=51",
                              "?latitude=1&radius=1"}) {
        INFO(wrong);
        CHECK(status_of(ask(world, get(std::string("/follow") + wrong))) ==
              "HTTP/1.1 400 Bad Request");
    }
    CHECK(status_of(ask(world, get("/follow?client=kiwi", "", "evil.example"))) ==
          "HTTP/1.1 421 Misdirected Request");
    CHECK(status_of(ask(world,
                        "POST /follow?client=kiwi HTTP/1.1\r\nHost: localhost\r\n"
                        "Connection: close\r\nContent-Length: 0\r\n\r\n")) ==
          "HTTP/1.1 405 Method Not Allowed");
    config::Config config = with_http();
    config.limits.http_followers = 0;
    World without(config);
    CHECK(status_of(ask(without, get("/follow?client=kiwi"))) == "HTTP/1.1 404 Not Found");
}

TEST_CASE("follow, as a stream: there are so many at a time, and one that ends makes room",
          "[herd][web]") {
    config::Config config = with_http();
    config.limits.http_connections = 12;
    config.limits.http_followers = 100;
    World world(config);
    std::vector<Follower> all;
    for (int i = 0; i < 3; ++i) {
        all.emplace_back(world, "client=kiwi");
        CHECK(all.back().hear() == begun);
    }
    const std::string refused = ask(world, get("/follow?client=kiwi"));
    CHECK(status_of(refused) == "HTTP/1.1 503 Service Unavailable");
    CHECK(refused.find("Retry-After: 2\r\n") != std::string::npos);
    CHECK(world.a().counters().follows_refused == 1);
    CHECK(status_of(ask(world, get("/healthz"))) == "HTTP/1.1 200 OK");
    // That it has left shows when something is said there.
    all[1].leave();
    world.run(11s);
    CHECK(Follower(world, "client=kiwi").hear() == begun);
    report(world, "IAMAT kiwi +1+1 5");
    CHECK(all[2].hear().starts_with("now "));
    world.a().check();
}

TEST_CASE("follow, as a stream: who does not read skips what is over, and has the newest",
          "[herd][web]") {
    World world(with_http());
    Follower follower(world, "latitude=1&longitude=1&radius=50");
    CHECK(follower.hear() == begun);
    constexpr int reports = 30'000;
    const int reporter = world.connect(clients);
    for (int i = 0; i < reports; i += 100) {
        std::string lines;
        for (int k = i; k < i + 100; ++k) {
            lines +=
                "IAMAT kiwi +1.0" + std::to_string(100'000 + k) + "+1 " + std::to_string(k) + "\n";
        }
        world.say(reporter, lines);
        world.hear(reporter);
    }
    std::string events;
    for (int i = 0; i < 20; ++i) {
        events += follower.hear();
        world.run(10ms);
    }
    CHECK(events.find("\"time\":\"29999\"") != std::string::npos);
    CHECK(std::count(events.begin(), events.end(), '\n') < reports);
    world.a().check();
}

TEST_CASE("follow, as a stream: a token says who may be told of, and until when", "[herd][web]") {
    config::Config config = with_access();
    config.access.in_the_clear = true;
    World world(config);
    const auto key = access::Secret::parse(secret);
    const std::int64_t now_s = world.kernel.wall_ns() / 1'000'000'000;
    const auto token = [&](const char* pattern, access::Rights rights) {
        const auto made = access::mint(
            *key,
            {.pattern = *access::Pattern::parse(pattern), .rights = rights, .until_s = now_s + 5});
        return "Authorization: Bearer " + *made + "\r\n";
    };
    const auto status = [&](const std::string& question, const std::string& more) {
        return status_of(ask_from_afar(world, get("/follow?" + question, more, "10.0.0.1")))
            .substr(9, 3);
    };
    const std::string area = "latitude=1&longitude=1&radius=5";
    const std::string asks = token("bus-*", {.report = false, .ask = true});
    CHECK(status("client=bus-1", "") == "401");
    CHECK(status("client=bus-1", token("bus-*", {.report = true, .ask = false})) == "403");
    CHECK(status(area, token("bus-*", {.report = true, .ask = false})) == "403");
    CHECK(status("client=tram-1", asks) == "403");
    CHECK(world.a().clients().subscriptions() == 0);

    Follower follower(world, area, asks, world.connect_from(7, http_port));
    CHECK(follower.hear() == begun);
    for (const char* client : {"tram-1", "bus-1"}) {
        ask(world,
            "POST /iamat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                std::to_string(std::string_view("IAMAT  +1+1 5").size() +
                               std::string_view(client).size()) +
                "\r\n\r\nIAMAT " + client + " +1+1 5");
    }
    CHECK(follower.hear() == now("bus-1", R"("latitude":1,"longitude":1)", "5"));
    world.run(7s);
    CHECK(world.hear(follower.fd) == "2\r\n:\n\r\n0\r\n\r\n");
    CHECK(world.a().clients().subscriptions() == 0);
    world.say(follower.fd,
              "GET /follow?" + area + " HTTP/1.1\r\nHost: 10.0.0.1\r\n" + asks + "\r\n");
    CHECK(status_of(world.hear(follower.fd)) == "HTTP/1.1 401 Unauthorized");
    world.a().check();
}

}  // namespace follow_stream_test
