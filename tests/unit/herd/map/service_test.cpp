#include "herd/map/service.hpp"

#include "herd/access/secret.hpp"
#include "herd/access/token.hpp"
#include "tests/unit/herd/map/map_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace map_service_test {

using namespace herd;
using namespace herd::map_reader;
using namespace herd::small_world;

namespace {

config::Config with_tokens() {
    config::Config config = with_map();
    config.access.secret_file = "secret";
    config.access.in_the_clear = true;
    config.servers[0].http = reactor::Address{{0, 0, 0, 0}, false, http_port};
    return config;
}

std::string get(const std::string& path,
                const std::string& more = "",
                const char* host = "localhost") {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + more +
           "\r\n";
}

std::string ask(World& world, const std::string& request) {
    const int fd = world.connect(http_port);
    world.say(fd, request);
    world.run(5ms);
    return world.hear(fd);
}

std::string ask_from_afar(World& world, const std::string& request) {
    const int fd = world.connect_from(7, http_port);
    world.say(fd, request);
    world.run(5ms);
    return world.hear(fd);
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

void report(World& world, const std::string& lines) {
    const int fd = world.connect();
    world.say(fd, lines);
    world.run(1ms);
    static_cast<void>(world.hear(fd));
}

std::string token_for(const char* pattern, access::Rights rights, std::int64_t until_s = 0) {
    const auto key = access::Secret::parse(secret);
    REQUIRE(key);
    const auto token = access::mint(
        *key, {.pattern = *access::Pattern::parse(pattern), .rights = rights, .until_s = until_s});
    REQUIRE(token);
    return *token;
}

std::string bearer(const char* pattern, access::Rights rights, std::int64_t until_s = 0) {
    return "Authorization: Bearer " + token_for(pattern, rights, until_s) + "\r\n";
}

}  // namespace

TEST_CASE("map service: the page is one document that may load nothing else", "[herd][map]") {
    World world(with_map());
    const std::string answer = ask(world, get("/map"));
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Content-Type: text/html; charset=UTF-8\r\n") != std::string::npos);
    CHECK(answer.find("Content-Security-Policy: default-src 'none';") != std::string::npos);
    CHECK(answer.find("<!doctype html>") != std::string::npos);
    for (const char* foreign : {"http://", "https://", "src=\"", "@import"}) {
        INFO(foreign);
        CHECK(answer.find(foreign) == std::string::npos);
    }
    CHECK(answer.size() < 60'000);
    CHECK(answer.find("Content-Encoding") == std::string::npos);
    const std::string packed = ask(world, get("/map", "Accept-Encoding: deflate, gzip\r\n"));
    CHECK(packed.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos);
    CHECK(body_of(packed).starts_with("\x1f\x8b"));
    CHECK(packed.size() < 30'000);
}

TEST_CASE("map service: what is known of one client", "[herd][map]") {
    World world(with_map());
    report(world, "IAMAT ki\"wi +34.0689301-118.4451270 1000000000\n");
    const std::string by_slot = ask(world, get("/map/client?slot=0"));
    CHECK(by_slot.find("{\"slot\":0,\"age\":") != std::string::npos);
    CHECK(by_slot.find(",\"client\":\"ki\\\"wi\",\"latitude\":34.0689301,"
                       "\"longitude\":-118.4451270,\"time\":\"1000000000\",\"server\":\"A\"}\n") !=
          std::string::npos);
    const std::string by_name = ask(world, get("/map/client?name=ki%22wi"));
    CHECK(body_of(by_name) == body_of(by_slot));
    for (const char* nobody : {"slot=1", "slot=-1", "slot=x", "slot=99999999", "name=wiki", ""}) {
        INFO(nobody);
        const std::string answer = ask(world, get(std::string("/map/client?") + nobody));
        CHECK(answer.starts_with("HTTP/1.1 404"));
    }
}

TEST_CASE("map service: clients are found by part of a name, its beginning first", "[herd][map]") {
    World world(with_map());
    std::string lines;
    for (int i = 0; i < 5000; ++i) {
        lines += "IAMAT bus-" + std::to_string(i) + " +1+2 1000000000\n";
        if (lines.size() < 30'000 && i < 4999) continue;
        report(world, std::exchange(lines, {}));
    }
    report(world, "IAMAT 499-Tram +1+2 1000000000\nIAMAT SMALL +1+2 1000000000\n");
    const std::string found = ask(world, get("/map/find?part=499"));
    CHECK(found.find("{\"found\":[{\"slot\":5000,") != std::string::npos);
    CHECK(found.find("\"499-Tram\"") < found.find("\"bus-499\""));
    CHECK(found.find("\"bus-1499\"") != std::string::npos);
    CHECK(ask(world, get("/map/find?part=sMa")).find("\"SMALL\"") != std::string::npos);
    const std::string many = ask(world, get("/map/find?part=bus"));
    CHECK(many.find("\"bus-11\"") != std::string::npos);
    CHECK(many.find("\"bus-12\"") == std::string::npos);
    CHECK(ask(world, get("/map/find?part=nobody")).ends_with("{\"found\":[]}\n$"));
    CHECK(ask(world, get("/map/find?part=")).starts_with("HTTP/1.1 400"));
    CHECK(ask(world, get("/map/find?part=" + std::string(65, 'a'))).starts_with("HTTP/1.1 400"));
}

TEST_CASE("map service: too many searches at once are refused", "[herd][map]") {
    config::Config config = with_map();
    World world(config);
    std::string lines;
    for (int i = 0; i < 3000; ++i) {
        lines += "IAMAT bus-" + std::to_string(i) + " +1+2 1000000000\n";
        if (lines.size() < 30'000 && i < 2999) continue;
        report(world, std::exchange(lines, {}));
    }
    std::vector<int> searchers;
    for (int i = 0; i < 10; ++i) searchers.push_back(world.connect(http_port));
    world.kernel.enter(visitors);
    for (const int fd : searchers) {
        const std::string request = get("/map/find?part=nobody");
        REQUIRE(*world.kernel.send(fd, request) == request.size());
    }
    // One goes before it is answered.
    world.run(1050ns);
    world.kernel.enter(visitors);
    world.kernel.close(searchers[5]);
    world.run(100ms);
    int answered = 0;
    int refused = 0;
    for (const int fd : searchers) {
        if (fd == searchers[5]) continue;
        const std::string heard = world.hear(fd);
        answered += heard.ends_with("{\"found\":[]}\n$");
        refused += heard.starts_with("HTTP/1.1 429 Too Many Requests\r\n");
    }
    CHECK(answered + refused == 9);
    CHECK(refused >= 1);
    CHECK(world.a().counters().map_searches_refused >= 1);
    CHECK(ask(world, get("/map/find?part=bus-1")).find("\"bus-1\"") != std::string::npos);
    world.a().check();
}

TEST_CASE("map service: a foreign name of the host is told nothing", "[herd][map]") {
    World world(with_map());
    for (const char* path : {"/map", "/map/events", "/map/client?slot=0", "/map/find?part=a"}) {
        CHECK(ask(world, get(path, "", "evil.example")).starts_with("HTTP/1.1 421"));
    }
    CHECK(world.a().counters().http_denied == 4);
    CHECK(world.a().operations().viewers() == 0);
}

TEST_CASE("map service: from elsewhere a token shows those whom it covers", "[herd][map]") {
    World world(with_tokens());
    report(world,
           "AUTH * " + token_for("*", {.report = true}) +
               "\nIAMAT bus-1 +1+2 1000000000\nIAMAT car-1 +1+2 1000000000\n");
    for (const char* path : {"/map", "/map/events", "/map/client?slot=0", "/map/find?part=1"}) {
        INFO(path);
        const std::string denied = ask_from_afar(world, get(path, "", "10.0.0.1"));
        CHECK(denied.starts_with("HTTP/1.1 401"));
        CHECK(denied.find("WWW-Authenticate: Basic realm=\"herd\"") != std::string::npos);
        CHECK(ask_from_afar(world, get(path, bearer("*", {.report = true}), "10.0.0.1"))
                  .starts_with("HTTP/1.1 403"));
        CHECK(ask(world, get(path, "", "localhost")).starts_with("HTTP/1.1 200"));
    }
    const std::string buses = bearer("bus-*", {.ask = true});
    // Those who have been answered and do not end have their slots for a while.
    world.run(150ms);
    Reader reader;
    reader.take(
        ask_from_afar(world, "GET /map/events HTTP/1.1\r\nHost: 10.0.0.1\r\n" + buses + "\r\n"));
    CHECK(reader.shown.size() == 1);
    CHECK(reader.shown.count(0) == 1);
    CHECK(ask_from_afar(world, get("/map/client?slot=0", buses, "10.0.0.1"))
              .starts_with("HTTP/1.1 200"));
    CHECK(ask_from_afar(world, get("/map/client?slot=1", buses, "10.0.0.1"))
              .starts_with("HTTP/1.1 404"));
    const std::string found = ask_from_afar(world, get("/map/find?part=1", buses, "10.0.0.1"));
    CHECK(found.find("bus-1") != std::string::npos);
    CHECK(found.find("car-1") == std::string::npos);
}

TEST_CASE("map service: without tokens it is for this machine only", "[herd][map]") {
    config::Config config = with_map();
    config.servers[0].http = reactor::Address{{0, 0, 0, 0}, false, http_port};
    World world(config);
    for (const char* path : {"/map", "/map/events", "/map/client?slot=0", "/map/find?part=1"}) {
        CHECK(ask_from_afar(world, get(path, "", "10.0.0.1")).starts_with("HTTP/1.1 403"));
    }
    CHECK(world.a().counters().http_denied == 4);
    CHECK(ask(world, get("/map")).starts_with("HTTP/1.1 200"));
}

TEST_CASE("map service: what a token shows ends with it", "[herd][map]") {
    World world(with_tokens());
    world.kernel.enter(0);
    const std::int64_t now_s = reactor::sys::wall_s();
    const int fd = world.connect_from(7, http_port);
    world.say(fd,
              "GET /map/events HTTP/1.1\r\nHost: 10.0.0.1\r\n" +
                  bearer("*", {.ask = true}, now_s + 5) + "\r\n");
    world.run(2s);
    CHECK(world.a().operations().viewers() == 1);
    world.run(5s);
    CHECK(world.a().operations().viewers() == 0);
    Reader reader;
    reader.take(world.hear(fd));
    CHECK(reader.ended);
    world.a().check();
}

TEST_CASE("map service: there is a map without an index of places", "[herd][map]") {
    config::Config config = with_map();
    config.nearby = false;
    World world(config);
    CHECK(ask(world, get("/map")).starts_with("HTTP/1.1 200"));
}

TEST_CASE("map service: there is no map where none is wished", "[herd][map]") {
    config::Config config = with_map();
    config.limits.map_viewers = 0;
    World world(config);
    for (const char* path : {"/map", "/map/events"}) {
        CHECK(ask(world, get(path)).starts_with("HTTP/1.1 404"));
    }
}

}  // namespace map_service_test
