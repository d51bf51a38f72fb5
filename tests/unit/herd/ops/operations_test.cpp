#include "herd/ops/operations.hpp"

#include "tests/unit/herd/ops/metrics_page.hpp"
#include "tests/unit/herd/web/web_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace operations_test {

using namespace herd;
using namespace herd::web_world;

TEST_CASE("operations: health is that the loop turns, for everybody", "[herd][ops]") {
    World world(with_http());
    CHECK(body_of(ask(world, get("/healthz"))) == "ok\n");
    CHECK(body_of(ask(world, "GET /healthz HTTP/1.0\r\n\r\n")) == "ok\n");
    CHECK(body_of(ask(world, "HEAD /healthz HTTP/1.0\r\n\r\n")).empty());
    CHECK(status_of(ask(world, get("/elsewhere"))) == "HTTP/1.1 404 Not Found");
    const std::string posted =
        ask(world, "POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    CHECK(status_of(posted) == "HTTP/1.1 405 Method Not Allowed");
    CHECK(posted.find("Allow: GET, HEAD\r\n") != std::string::npos);
}

TEST_CASE("operations: nothing but the address leads nowhere, and says where else to go",
          "[herd][ops]") {
    World world(with_http());
    const std::string answer = ask(world, get("/"));
    CHECK(status_of(answer) == "HTTP/1.1 404 Not Found");
    const std::string body = body_of(answer);
    for (const char* const path : {"/map", "/client/", "/nearby", "/follow", "/iamat"}) {
        CHECK(body.find(path) != std::string::npos);
    }
    for (const char* const path : {"/healthz", "/readyz", "/metrics", "/status"}) {
        CHECK(body.find(path) != std::string::npos);
        CHECK(status_of(ask(world, get(path))) != status_of(answer));
    }
    CHECK(body_of(ask(world, get("/elsewhere"))).find("/map") == std::string::npos);
}

TEST_CASE("operations: without an address there is no HTTP", "[herd][ops]") {
    World world;
    CHECK_FALSE(world.a().operations().address());
    world.run(5s);
    world.a().check();
}

TEST_CASE("operations: ready when the neighbours have told their tables, and then for good",
          "[herd][ops]") {
    config::Config config = with_http();
    config.limits.records_per_turn = 1;
    config.limits.ready_ms = 60'000;
    World world(config);
    std::string answer = ask(world, get("/readyz"));
    CHECK(status_of(answer) == "HTTP/1.1 503 Service Unavailable");
    CHECK(body_of(answer) == "B is not linked\n");
    CHECK(body_of(ask(world, get("/readyz?json"))) ==
          "{\"ready\":false,\"why\":[\"B is not linked\"]}\n");
    world.run(2s);
    CHECK(body_of(ask(world, get("/readyz"))) == "B is not linked\n");
    world.kernel.enter(1);
    world.servers.push_back(std::make_unique<Process>(world.kernel, world.config, 1));
    world.servers.back()->start();
    world.run(6s);
    CHECK(body_of(ask(world, get("/readyz"))) == "ready\n");
    CHECK(body_of(ask(world, get("/readyz?json"))) == "{\"ready\":true,\"why\":[]}\n");
    world.kernel.enter(1);
    world.servers.pop_back();
    world.run(10s);
    CHECK(world.a().neighbours().reach().live == 0);
    CHECK(status_of(ask(world, get("/readyz"))) == "HTTP/1.1 200 OK");
}

TEST_CASE("operations: not ready while a neighbour has not told its whole table", "[herd][ops]") {
    watch::Status status;
    std::uint32_t wait_max_ms = 10'000;
    ops::Readiness readiness(wait_max_ms);
    status.link_count = 1;
    status.links[0] = {.neighbour = "B", .state = "live", .hears = true, .told = false};
    readiness.look(status);
    CHECK_FALSE(readiness.ready(status));
    std::array<char, 100> buffer{};
    protocol::TextWriter why(buffer);
    readiness.explain(status, why);
    CHECK(why.text() == "B has not told its whole table\n");
    SECTION("it tells it") {
        status.links[0].told = true;
    }
    SECTION("it takes too long") {
        status.up = 10s;
    }
    SECTION("it has taken as long as it may take from now on") {
        status.up = 2s;
        readiness.look(status);
        CHECK_FALSE(readiness.ready(status));
        wait_max_ms = 2'000;
    }
    SECTION("it is an old server, that tells nothing of itself") {
        status.links[0].legacy = true;
    }
    readiness.look(status);
    CHECK(readiness.ready(status));
    status.links[0].state = "down";
    readiness.look(status);
    CHECK(readiness.ready(status));
    status.draining = true;
    CHECK_FALSE(readiness.ready(status));
}

TEST_CASE("operations: at its start a journal that cannot be written is waited for",
          "[herd][ops]") {
    watch::Status status;
    status.journal = "failed";
    const std::uint32_t wait_max_ms = 10'000;
    const auto told = [&](const ops::Readiness& readiness) {
        std::array<char, 200> buffer{};
        protocol::TextWriter why(buffer);
        readiness.explain(status, why);
        return std::string(why.text());
    };
    const std::string trouble =
        "the journal cannot be written, so positions are in memory only: the log says why\n";
    for (const bool always : {false, true}) {
        INFO(always);
        status.journal_always = always;
        status.journal = "failed";
        ops::Readiness readiness(wait_max_ms);
        status.up = 1s;
        readiness.look(status);
        CHECK_FALSE(readiness.ready(status));
        CHECK(told(readiness) == trouble);
        // Whoever has answers wait for the disk means it.
        status.up = 10s;
        readiness.look(status);
        CHECK(readiness.ready(status) == !always);
        CHECK(told(readiness) == trouble);
        status.journal = "ok";
        readiness.look(status);
        CHECK(readiness.ready(status));
        CHECK(told(readiness).empty());
        // Later it is a matter for an alert.
        status.journal = "failed";
        readiness.look(status);
        CHECK(readiness.ready(status));
        CHECK(told(readiness) == trouble);
    }
}

TEST_CASE("operations: a journal that is still being read is waited for, however long that takes",
          "[herd][ops]") {
    watch::Status status;
    status.journal = "loading";
    status.journal_loading = true;
    status.up = 1h;
    const std::uint32_t wait_max_ms = 10'000;
    ops::Readiness readiness(wait_max_ms);
    readiness.look(status);
    CHECK_FALSE(readiness.ready(status));
    std::array<char, 200> buffer{};
    protocol::TextWriter why(buffer);
    readiness.explain(status, why);
    CHECK(why.text() == "loading: the journal is still being read\n");
    SECTION("it has been read") {
        status.journal_loading = false;
        status.journal = "ok";
        readiness.look(status);
        CHECK(readiness.ready(status));
    }
    SECTION("the disk does not answer meanwhile") {
        status.journal = "failed";
        readiness.look(status);
        CHECK_FALSE(readiness.ready(status));
    }
    SECTION("it has been read, and cannot be written: that is waited for from then on") {
        status.journal_loading = false;
        status.journal = "failed";
        readiness.look(status);
        CHECK_FALSE(readiness.ready(status));
        status.up += 10s;
        readiness.look(status);
        CHECK(readiness.ready(status));
    }
}

TEST_CASE("operations: a server that shuts down says so until its end", "[herd][ops]") {
    World world(with_http());
    const int fd = world.connect();
    world.say(fd, "SYNC\nx");
    world.run(6s);
    CHECK(status_of(ask(world, get("/readyz"))) == "HTTP/1.1 200 OK");
    world.kernel.enter(0);
    world.a().shut_down();
    world.run(1ms);
    const std::string answer = ask(world, get("/readyz"));
    CHECK(status_of(answer) == "HTTP/1.1 503 Service Unavailable");
    CHECK(body_of(answer) == "shutting down\n");
    CHECK(body_of(ask(world, get("/metrics"))).find("\nherd_draining 1\n") != std::string::npos);
}

TEST_CASE("operations: metrics of a server that has worked", "[herd][ops]") {
    World world(with_http(), 2);
    const int fd = world.connect();
    world.say(fd, "IAMAT c +1-1 5\nWHATSAT c 1 1\nx\n");
    world.run(2s);
    const std::string answer = ask(world, get("/metrics"));
    CHECK(answer.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") !=
          std::string::npos);
    const auto page = metrics_page::read(body_of(answer));
    CHECK(page.faults.empty());
    CHECK(page.at("herd_commands_total{command=\"iamat\"}") == 1);
    CHECK(page.at("herd_commands_total{command=\"invalid\"}") == 1);
    CHECK(page.at("herd_stored_clients") == 1);
    CHECK(page.at("herd_link_up{neighbour=\"B\"}") == 1);
    CHECK(page.at("herd_link_heard{neighbour=\"B\"}") == 1);
    CHECK(page.at("herd_connections") == 1);
    CHECK(page.at("herd_http_requests_total") == 1);
    CHECK(page.at("herd_ready") == 1);
    CHECK(page.at("herd_loop_iteration_seconds_count") > 10);
    CHECK(page.at("herd_received_bytes_total") > 40);
    const auto other = metrics_page::read(body_of(ask(world, get("/metrics"), http_port + 1)));
    CHECK(other.at("herd_table_digest") == page.at("herd_table_digest"));
    CHECK(other.at("herd_records_received_total{result=\"newer\"}") == 1);
}

TEST_CASE("operations: status is what the port for peers says", "[herd][ops]") {
    World world(with_http());
    const std::string body = body_of(ask(world, get("/status", "", "127.0.0.1:1200")));
    const int fd = world.connect(1100);
    world.say(fd, "STATUS\n");
    // But for the request itself.
    const std::string said = world.hear(fd);
    CHECK(body.substr(0, 100) == said.substr(0, 100));
    CHECK(body.find("\"counters\":{\"iamat\":0") != std::string::npos);
}

TEST_CASE("operations: a foreign name of the host is told nothing of clients", "[herd][ops]") {
    World world(with_http());
    for (const char* host :
         {"evil.example", "localhost.evil.example", "herd.example.evil", "0x7f.1"}) {
        CHECK(status_of(ask(world, get("/status", "", host))) ==
              "HTTP/1.1 421 Misdirected Request");
    }
    CHECK(world.a().counters().http_denied == 4);
    for (const char* host : {"localhost",
                             "LOCALHOST:1200",
                             "127.0.0.1",
                             "[::1]:1200",
                             "herd.example",
                             "Herd.Example:80"}) {
        INFO(host);
        CHECK(status_of(ask(world, get("/status", "", host))) == "HTTP/1.1 200 OK");
    }
    CHECK(status_of(ask(world, "GET /status HTTP/1.0\r\n\r\n")) == "HTTP/1.1 200 OK");
    CHECK(status_of(ask(world, get("/metrics", "", "evil.example"))) == "HTTP/1.1 200 OK");
}

TEST_CASE("operations: where access is limited, who is elsewhere needs a token", "[herd][ops]") {
    config::Config config = with_access();
    config.access.in_the_clear = true;
    World world(config);
    const auto bearer = [](const std::string& token) {
        return "Authorization: Bearer " + token + "\r\n";
    };
    const std::string good = token_for("*", {.report = false, .ask = true});
    for (const char* path : {"/metrics", "/status"}) {
        INFO(path);
        const auto from_afar = [&](const std::string& more) {
            return status_of(ask_from_afar(world, get(path, more, "10.0.0.1")));
        };
        CHECK(status_of(ask(world, get(path, "", "localhost"))) == "HTTP/1.1 200 OK");
        CHECK(from_afar("") == "HTTP/1.1 401 Unauthorized");
        CHECK(from_afar(bearer("x")) == "HTTP/1.1 401 Unauthorized");
        CHECK(from_afar(bearer(token_for("*", {.report = true, .ask = false}))) ==
              "HTTP/1.1 401 Unauthorized");
        CHECK(from_afar(bearer(token_for("bus-*", {.report = false, .ask = true}))) ==
              "HTTP/1.1 401 Unauthorized");
        CHECK(from_afar(bearer(good)) == "HTTP/1.1 200 OK");
    }
    CHECK(ask_from_afar(world, get("/metrics")).find("WWW-Authenticate: Bearer") !=
          std::string::npos);
    CHECK(body_of(ask_from_afar(world, get("/healthz"))) == "ok\n");
    CHECK(world.a().counters().tokens_wrong == 2);
    CHECK(world.a().counters().http_denied == 9);
}

TEST_CASE("operations: no token is taken where others can read it", "[herd][ops]") {
    World world(with_access());
    const std::string good = token_for("*", {.report = true, .ask = true});
    const std::string answer =
        ask_from_afar(world, get("/metrics", "Authorization: Bearer " + good + "\r\n"));
    CHECK(status_of(answer) == "HTTP/1.1 401 Unauthorized");
    CHECK(world.a().counters().tokens_in_the_clear == 1);
}

TEST_CASE("operations: who is elsewhere is told little of a server without tokens", "[herd][ops]") {
    config::Config config = with_http();
    config.servers[0].http = reactor::Address{{0, 0, 0, 0}, false, http_port};
    World world(config);
    const std::string body = body_of(ask_from_afar(world, get("/status", "", "10.0.0.1")));
    CHECK(body.find("\"brief\":true") != std::string::npos);
    CHECK(body.find("epoch") == std::string::npos);
}

TEST_CASE("operations: tokens come as Bearer or as a password", "[herd][ops]") {
    const auto token_in = [](std::string_view value) {
        http::Request request;
        request.fields[0] = {"authorization", value};
        request.field_count = 1;
        std::array<char, 64> buffer{};
        return std::string(web::token_of(request, buffer));
    };
    CHECK(token_in("Bearer abc-_") == "abc-_");
    CHECK(token_in("bearer abc") == "abc");
    CHECK(token_in("Basic YTpi") == "b");
    CHECK(token_in("Basic dXNlcjpwYTpzcw==") == "pa:ss");
    CHECK(token_in("Basic OnA=") == "p");
    for (const char* bad : {"", "Bearer", "Basic", "Basic !!", "Basic YWI=", "Digest abc", "abc"}) {
        CHECK(token_in(bad).empty());
    }
    CHECK(token_in("Basic " + std::string(200, 'A')).empty());
}

}  // namespace operations_test
