#include "herd/access/grant.hpp"
#include "herd/server.hpp"
#include "tests/unit/herd/web/web_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace web_test {

using namespace herd;
using namespace herd::web_world;

namespace {

const std::string line = "IAMAT kiwi +34.068930-118.445127 5.25";
const std::string json_header = "Content-Type: application/json; charset=utf-8\r\n";

std::string post(const std::string& body,
                 const std::string& more = "",
                 const char* host = "localhost") {
    return std::string("POST /iamat HTTP/1.1\r\nHost: ") + host + "\r\nConnection: close\r\n" +
           more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string object(const std::string& client, const std::string& time = "5.25") {
    return R"({"client":")" + client + R"(","latitude":34.068930,"longitude":-118.445127,"time":)" +
           time + "}";
}

std::string bearer(const char* pattern, access::Rights rights) {
    return "Authorization: Bearer " + token_for(pattern, rights) + "\r\n";
}

// What a client's line is answered.
std::string said(World& world, const std::string& text, std::uint16_t port = 1000) {
    const int fd = world.connect(port);
    world.say(fd, text + "\n");
    std::string heard = world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
    return heard;
}

}  // namespace

TEST_CASE("web: a report that is posted is one like any other", "[herd][web]") {
    World world(with_http(), 2);
    for (const std::string& body : {line, line + "\n", line + "\r\n"}) {
        const std::string answer = ask(world, post(body));
        CHECK(status_of(answer) == "HTTP/1.1 200 OK");
        CHECK(body_of(answer).starts_with("AT A +"));
        CHECK(body_of(answer).ends_with(" kiwi +34.068930-118.445127 5.25\n"));
    }
    const std::string at = body_of(ask(world, get("/client/kiwi?line")));
    CHECK(said(world, "WHATSAT kiwi 1 0").starts_with(at));
    CHECK(said(world, "WHATSAT kiwi 1 0", 1001).starts_with(at));
    CHECK(body_of(ask(world, get("/client/kiwi?line"), http_port + 1)) == at);
    CHECK(world.a().counters().iamat == 3);
    CHECK(world.a().counters().iamat_old == 2);
    world.a().check();
}

TEST_CASE("web: a report as an object is answered with one", "[herd][web]") {
    World world(with_http());
    const std::string answer = ask(world, post(object("kiwi"), json_header));
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("Content-Type: application/json; charset=UTF-8\r\n") != std::string::npos);
    CHECK(answer.find("Cache-Control: no-store\r\n") != std::string::npos);
    CHECK(body_of(answer).starts_with(
        R"({"client":"kiwi","latitude":34.068930,"longitude":-118.445127,"time":"5.25",)"
        R"("server":"A","at":"AT A +)"));
    CHECK(body_of(ask(world, get("/client/kiwi"))) == body_of(answer));
    // Left out, the time is now.
    const std::string now =
        ask(world, post(R"({"client":"b","latitude":1,"longitude":2})", json_header));
    CHECK(body_of(now).find("\"at\":\"AT A +0.000000000 b +01+002 ") != std::string::npos);
}

TEST_CASE("web: what a path says of a client is decoded, and may have slashes", "[herd][web]") {
    World world(with_http());
    const std::string answer = ask(world, post("IAMAT fleet/bus\xc3\xa9 +1+1 5"));
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    CHECK(body_of(ask(world, get("/client/fleet/bus%C3%A9?line"))) == body_of(answer));
    CHECK(body_of(ask(world, get("/client/fleet%2Fbus%c3%a9?line"))) == body_of(answer));
    CHECK(status_of(ask(world, get("/client/fleet"))) == "HTTP/1.1 404 Not Found");
    CHECK(status_of(ask(world, get("/client/"))) == "HTTP/1.1 404 Not Found");
    CHECK(status_of(ask(world, get("/client"))) == "HTTP/1.1 404 Not Found");
    const std::string head = ask(
        world,
        "HEAD /client/fleet/bus%C3%A9 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(status_of(head) == "HTTP/1.1 200 OK");
    CHECK(body_of(head).empty());
}

TEST_CASE("web: what is no report has a clear answer, and changes nothing", "[herd][web]") {
    config::Config config = with_http();
    config.max_future_ms = 60'000;
    config.ttl_s = 3600;
    config.limits.clients = 4;
    World world(config);
    const auto now = world.kernel.wall_ns() / 1'000'000'000;
    const auto status = [&](const std::string& body, const std::string& more = "") {
        return status_of(ask(world, post(body, more))).substr(9, 3);
    };
    const auto at = [&](const std::string& client, std::int64_t time) {
        return "IAMAT " + client + " +1+1 " + std::to_string(time);
    };
    CHECK(status("") == "400");
    CHECK(status("WHATSAT kiwi 1 1") == "400");
    CHECK(status("IAMAT kiwi +91+1 5") == "400");
    CHECK(status(at("a", now) + "\n" + at("b", now)) == "400");
    CHECK(status(object("kiwi"), "Content-Type: text/plain\r\n") == "400");
    CHECK(status(line, json_header) == "400");
    CHECK(status(object("a b"), json_header) == "400");
    CHECK(status(R"({"client":"c","latitude":91,"longitude":2})", json_header) == "400");
    CHECK(status("IAMAT " + std::string(9000, 'x') + " +1+1 5") == "413");
    // Longer than a line may be, and no longer than a body.
    const std::size_t line_max = config.limits.line_max;
    CHECK(status(std::string(line_max, 'x')) == "400");
    CHECK(status(std::string(line_max + 1, 'x')) == "413");
    CHECK(status("IAMAT " + std::string(line_max, 'x') + " +1+1 5") == "413");
    CHECK(status(at("a", -9'000'000'000)) == "422");
    CHECK(status(at("a", now + 3600)) == "422");
    CHECK(status(at("a", now - 7200)) == "422");
    CHECK(status_of(ask(world, get("/iamat"))).substr(9, 3) == "405");
    CHECK(status_of(
              ask(world, "POST /client/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"))
              .substr(9, 3) == "405");
    const std::string without =
        ask(world, "POST /iamat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(body_of(without) == "{\"error\":\"a report is missing\"}\n");
    CHECK(world.a().table().size() == 0);
    CHECK(world.a().counters().future_stamps == 1);
    CHECK(world.a().counters().expired_stamps == 1);
    for (int i = 0; i < 4; ++i) CHECK(status(at("c" + std::to_string(i), now)) == "200");
    CHECK(status(at("c4", now)) == "507");
    CHECK(world.a().counters().table_full == 1);
    // One that expires is not told of any more.
    world.run(std::chrono::seconds(3700));
    CHECK(status_of(ask(world, get("/client/c0"))) == "HTTP/1.1 404 Not Found");
    world.a().check();
}

TEST_CASE("web: who sends no report is told what is wrong with it", "[herd][web]") {
    World world(with_http());
    const auto told = [&](const std::string& body, const char* what) {
        return body_of(ask(world, post(body))).find(what) != std::string::npos;
    };
    CHECK(told(object("kiwi"), "JSON wants Content-Type: application/json"));
    CHECK(told("I kiwi +1+1 5", "it must begin with IAMAT"));
    CHECK(told("IAMAT kiwi +1+1", "client, location and time"));
    CHECK(told("IAMAT kiwi 1,1 5", "degrees of latitude and longitude"));
    CHECK(told("IAMAT kiwi +1+1 2018-03-02", "seconds since 1970"));
    CHECK(told("WHATSAT kiwi 1 1", "it must be IAMAT"));
}

TEST_CASE("web: where little room is left, one address brings in few new clients", "[herd][web]") {
    config::Config config = with_http();
    config.servers[0].http = reactor::Address{{0, 0, 0, 0}, false, http_port};
    config.limits.clients = 8;
    config.limits.new_clients_per_s = 1;
    World world(config);
    int taken = 0;
    std::string refused;
    for (int i = 0; i < 8; ++i) {
        const std::string answer =
            ask_from_afar(world, post("IAMAT c" + std::to_string(i) + " +1+1 5", "", "10.0.0.1"));
        if (status_of(answer) == "HTTP/1.1 200 OK") {
            ++taken;
        } else {
            refused = answer;
        }
    }
    CHECK(taken == 7);
    CHECK(status_of(refused) == "HTTP/1.1 429 Too Many Requests");
    CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
    CHECK(world.a().counters().newcomers_refused == 1);
}

TEST_CASE("web: a token says what its bearer may do with which client", "[herd][web]") {
    config::Config config = with_access();
    config.access.in_the_clear = true;
    World world(config);
    const auto post_from_afar = [&](const std::string& client, const std::string& more) {
        const std::string body = "IAMAT " + client + " +1+1 5";
        return status_of(ask_from_afar(world, post(body, more, "10.0.0.1"))).substr(9, 3);
    };
    const auto get_from_afar = [&](const std::string& client, const std::string& more) {
        const std::string path = "/client/" + client;
        return status_of(ask_from_afar(world, get(path, more, "10.0.0.1"))).substr(9, 3);
    };
    const std::string reports = bearer("bus-*", {.report = true, .ask = false});
    const std::string asks = bearer("bus-*", {.report = false, .ask = true});
    CHECK(post_from_afar("bus-1", "") == "401");
    CHECK(post_from_afar("bus-1", "Authorization: Bearer x\r\n") == "401");
    CHECK(post_from_afar("bus-1", reports) == "200");
    CHECK(post_from_afar("bus-1", asks) == "403");
    CHECK(post_from_afar("tram-1", reports) == "403");
    CHECK(get_from_afar("bus-1", "") == "401");
    CHECK(get_from_afar("bus-1", reports) == "403");
    CHECK(get_from_afar("bus-1", asks) == "200");
    // Whether there is such a client is not told.
    CHECK(get_from_afar("tram-1", asks) == "403");
    CHECK(get_from_afar("bus-2", asks) == "404");
    CHECK(world.a().table().size() == 1);
    CHECK(world.a().counters().http_denied == 7);
}

TEST_CASE("web: on the server's machine a token that is shown counts, and who is asked for",
          "[herd][web]") {
    World world(with_access());
    CHECK(status_of(ask(world, post("IAMAT bus-1 +1+1 5"))) == "HTTP/1.1 200 OK");
    const auto status = [&](const std::string& more) {
        return status_of(ask(world, get("/client/bus-1", more))).substr(9, 3);
    };
    CHECK(status("") == "200");
    CHECK(status(bearer("bus-*", {.report = false, .ask = true})) == "200");
    CHECK(status(bearer("bus-*", {.report = true, .ask = false})) == "403");
    CHECK(status("Authorization: Bearer junk\r\n") == "401");
    CHECK(status("Authorization: Basic eDp3cm9uZw==\r\n") == "401");
    CHECK(status("Authorization: \r\n") == "200");
    // A proxy says for whom it asks.
    CHECK(status("X-Forwarded-For: 10.0.0.7\r\n") == "401");
    CHECK(status("Forwarded: for=10.0.0.7\r\n") == "401");
    CHECK(status("X-Forwarded-For: 10.0.0.7\r\n" +
                 bearer("bus-*", {.report = false, .ask = true})) == "200");
}

TEST_CASE("web: who is near is told nearest first, around a client or a place", "[herd][web]") {
    World world(with_http());
    for (const char* report :
         {"IAMAT far +1.02+1 5", "IAMAT near +1.01+1.0 5", "IAMAT here +1+1 5"})
        CHECK(status_of(ask(world, post(report))) == "HTTP/1.1 200 OK");
    const std::string around = "/nearby?latitude=1.000&longitude=1e0&radius=5&bound=10";
    const std::string answer = ask(world, get(around));
    CHECK(status_of(answer) == "HTTP/1.1 200 OK");
    const std::string body = body_of(answer);
    CHECK(
        body.starts_with(R"({"server":"A","clients":[{"distance":0.000,"client":"here",)"
                         R"("latitude":1,"longitude":1,"time":"5","server":"A"},{"distance":11)"));
    CHECK(body.find("near") < body.find("far"));
    CHECK(body.ends_with("}]}\n"));
    CHECK(body_of(ask(world, get("/nearby?client=here&radius=5&bound=10"))) == body);
    const std::string nearest = body_of(ask(world, get("/nearby?client=here&radius=5&bound=1")));
    CHECK(nearest.find("near\"") == std::string::npos);
    CHECK(body_of(ask(world, get("/nearby?latitude=-9&longitude=9&radius=1&bound=5"))) ==
          "{\"server\":\"A\",\"clients\":[]}\n");
    CHECK(world.a().counters().nearby == 4);
    // As the line says it, to the millimetre.
    const std::string line_says = said(world, "NEARBY here 5 10");
    const std::size_t from = line_says.find("\nNEAR 11") + 6;
    const std::string metres = line_says.substr(from, line_says.find(' ', from) - from);
    CHECK(body.find("\"distance\":" + metres + ",\"client\":\"near\"") != std::string::npos);
    world.a().check();
}

TEST_CASE("web: what is no question for who is near has a clear answer", "[herd][web]") {
    config::Config config = with_http();
    config.limits.searches = 1;
    World world(config);
    const auto status = [&](const std::string& query) {
        return status_of(ask(world, get("/nearby" + query))).substr(9, 3);
    };
    for (const char* query : {"",
                              "?client=a",
                              "?client=a&radius=51&bound=1",
                              "?client=a&radius=1&bound=1001",
                              "?client=a%20b&radius=1&bound=1",
                              "?latitude=91&longitude=0&radius=1&bound=1",
                              "?latitude=1&radius=1&bound=1",
                              "?latitude=x&longitude=0&radius=1&bound=1"}) {
        INFO(query);
        CHECK(status(query) == "400");
    }
    CHECK(status("?client=a&radius=1&bound=1") == "404");
    // More at a time than there is room for.
    const std::string asks =
        "GET /nearby?latitude=1&longitude=1&radius=1&bound=1 HTTP/1.1\r\n"
        "Host: localhost\r\n\r\n";
    const int one = world.connect(http_port);
    const int other = world.connect(http_port);
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(one, asks).has_value());
    REQUIRE(world.kernel.send(other, asks).has_value());
    world.run(1ms);
    const std::string answers = world.hear(one) + world.hear(other);
    CHECK(answers.find("HTTP/1.1 200 OK") != std::string::npos);
    const std::size_t refused = answers.find("HTTP/1.1 503 Service Unavailable");
    REQUIRE(refused != std::string::npos);
    CHECK(answers.find("Retry-After: 1\r\n", refused) != std::string::npos);
    // One that is gone before its answer.
    world.kernel.enter(visitors);
    REQUIRE(world.kernel.send(one, asks).has_value());
    world.kernel.close(one);
    world.run(1ms);
    world.a().check();
    CHECK(status("?latitude=1&longitude=1&radius=1&bound=1") == "200");
    config.nearby = false;
    World without(config);
    CHECK(status_of(ask(without, get("/nearby?client=a&radius=1&bound=1"))) ==
          "HTTP/1.1 404 Not Found");
}

TEST_CASE("web: a token's bearer is told of those near whom it covers", "[herd][web]") {
    config::Config config = with_access();
    config.access.in_the_clear = true;
    World world(config);
    for (const char* report : {"IAMAT bus-1 +1+1 5", "IAMAT tram-1 +1+1 5"})
        CHECK(status_of(ask(world, post(report))) == "HTTP/1.1 200 OK");
    const auto from_afar = [&](const std::string& query, const std::string& more) {
        return ask_from_afar(world, get("/nearby?radius=1&bound=9&" + query, more, "10.0.0.1"));
    };
    const std::string asks = bearer("bus-*", {.report = false, .ask = true});
    const std::string body = body_of(from_afar("latitude=1&longitude=1", asks));
    CHECK(body.find("bus-1") != std::string::npos);
    CHECK(body.find("tram-1") == std::string::npos);
    CHECK(status_of(from_afar("client=tram-1", asks)) == "HTTP/1.1 403 Forbidden");
    CHECK(status_of(from_afar("client=bus-1", asks)) == "HTTP/1.1 200 OK");
    CHECK(status_of(from_afar("client=bus-1", "")) == "HTTP/1.1 401 Unauthorized");
    const std::string reports = bearer("*", {.report = true, .ask = false});
    CHECK(status_of(from_afar("latitude=1&longitude=1", reports)) == "HTTP/1.1 403 Forbidden");
}

TEST_CASE("web: a page of another site learns nothing and reports nobody", "[herd][web]") {
    World world(with_http());
    for (const std::string origin :
         {"http://evil.example", "null", "http://localhost:1201", "https://localhost.evil"}) {
        INFO(origin);
        const std::string more = "Origin: " + origin + "\r\n";
        CHECK(status_of(ask(world, post(line, more, "localhost:1200"))) ==
              "HTTP/1.1 403 Forbidden");
        CHECK(status_of(ask(world, get("/client/kiwi", more, "localhost:1200"))) ==
              "HTTP/1.1 403 Forbidden");
    }
    CHECK(status_of(ask(world, post(line, "", "evil.example"))) ==
          "HTTP/1.1 421 Misdirected Request");
    CHECK(world.a().table().size() == 0);
    CHECK(
        status_of(ask(world, post(line, "Origin: http://LOCALHOST:1200\r\n", "localhost:1200"))) ==
        "HTTP/1.1 200 OK");
}

TEST_CASE("web: a body comes in pieces, and each connection has its own", "[herd][web]") {
    World world(with_http());
    const auto head = [](const std::string& body) {
        return "POST /iamat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n";
    };
    const std::string one = "IAMAT one +1+1 5";
    const std::string two = "IAMAT two +2+2 6";
    const int a = world.connect(http_port);
    const int b = world.connect(http_port);
    world.say(a, head(one) + one.substr(0, 9));
    world.say(b, head(two) + two.substr(0, 3));
    world.say(a, one.substr(9, 2));
    world.say(b, two.substr(3));
    world.say(a, one.substr(11) + head(two) + two);
    CHECK(body_of(world.hear(b)).ends_with(" two +2+2 6\n"));
    const std::string heard = world.hear(a);
    CHECK(heard.find(" one +1+1 5\nHTTP/1.1 200 OK") != std::string::npos);
    CHECK(heard.ends_with(" two +2+2 6\n"));
    world.a().check();
}

TEST_CASE("web: a server that shuts down takes no report any more", "[herd][web]") {
    World world(with_http());
    // So that it has something to wait for.
    const int client = world.connect();
    world.say(client, "SYNC\nx");
    const int fd = world.connect(http_port);
    world.say(fd, post(line).substr(0, 100));
    world.kernel.enter(0);
    world.a().shut_down();
    world.run(1ms);
    world.say(fd, post(line).substr(100));
    CHECK(status_of(world.hear(fd)) == "HTTP/1.1 503 Service Unavailable");
    CHECK(status_of(ask(world, post(line))) == "HTTP/1.1 503 Service Unavailable");
    CHECK(world.a().table().size() == 0);
}

TEST_CASE("web: with fsync always, a posted report is answered when it is on the disk",
          "[herd][web]") {
    config::Config config = with_http();
    config.journal = {.folder = "kept", .fsync = config::Fsync::always};
    World world(config);
    world.kernel.disk.sync_ns = 50'000'000;
    const int fd = world.connect(http_port);
    world.say(fd, post(line));
    world.run(20ms);
    CHECK(world.hear(fd).empty());
    world.run(200ms);
    CHECK(status_of(world.hear(fd)) == "HTTP/1.1 200 OK");
}

}  // namespace web_test
