#include "herd/http/server.hpp"

#include "tests/unit/herd/http/http_house.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace http_server_test {

using namespace herd::http_house;

TEST_CASE("http server: requests are answered in their order, however they come", "[herd][http]") {
    House house;
    const int fd = house.connect();
    CHECK(house.ask(fd, get("/now?1")) == ok("/now?1"));
    CHECK(house.ask(fd, get("/now?2") + get("/now?3")) == ok("/now?2") + ok("/now?3"));
    std::string all;
    std::string answers;
    for (int i = 0; i < 100; ++i) {
        all += get("/now?" + std::to_string(i));
        answers += ok("/now?" + std::to_string(i));
    }
    CHECK(house.ask(fd, all) == answers);
    for (const char each : get("/now?x")) house.say(fd, std::string(1, each));
    CHECK(house.hear(fd) == ok("/now?x"));
    CHECK(house.server.counters().requests == 104);
    CHECK(house.wire.counters().turns_cut > 0);
}

TEST_CASE("http server: what waits for a later answer waits behind it", "[herd][http]") {
    House house;
    const int fd = house.connect();
    CHECK(house.ask(fd, get("/now") + get("/later") + get("/now?2")) == ok("/now"));
    REQUIRE(house.find(0) != nullptr);
    house.find(0)->answer({.body = "at last"});
    CHECK(house.find(0) == nullptr);
    CHECK(house.hear(fd) == ok("at last") + ok("/now?2"));
    // The ticket of a request that is answered finds no other one.
    CHECK(house.ask(fd, get("/later")).empty());
    CHECK(house.find(0) == nullptr);
    CHECK(house.find(1) != nullptr);
    CHECK(house.handler.gone == 0);
}

TEST_CASE("http server: who answers is told that nobody waits any more", "[herd][http]") {
    House house;
    const int later = house.connect();
    const int body = house.connect();
    house.say(later, get("/later"));
    house.say(body, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    REQUIRE(house.handler.tickets.size() == 2);
    house.kernel.reset(server_host, guests);
    house.run(3s);
    CHECK(house.handler.gone == 2);
    CHECK(house.find(0) == nullptr);
    CHECK(house.find(1) == nullptr);
    CHECK(house.server.size() == 0);
}

TEST_CASE("http server: a client that has ended is still answered", "[herd][http]") {
    House house;
    const int fd = house.connect();
    house.say(fd, get("/later") + get("/now"));
    house.end(fd);
    REQUIRE(house.find(0) != nullptr);
    house.find(0)->answer({.body = "x"});
    CHECK(house.hear(fd) == ok("x") + ok("/now") + "$");
}

TEST_CASE("http server: HTTP/1.0 needs no Host, and has no chunks", "[herd][http]") {
    House house;
    int fd = house.connect();
    CHECK(house.ask(fd, "GET /now HTTP/1.0\r\n\r\n") == ok("/now", true) + "$");
    fd = house.connect();
    CHECK(house.ask(fd, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == ok("/now"));
    fd = house.connect();
    const std::string begun = house.ask(fd, "GET /stream HTTP/1.0\r\n\r\n");
    CHECK(begun.ends_with("Connection: close\r\n\r\nfirst"));
    house.find(0)->send("second");
    house.find(0)->end();
    CHECK(house.hear(fd) == "second$");
}

TEST_CASE("http server: the answer to HEAD has no body", "[herd][http]") {
    House house;
    const int fd = house.connect();
    const std::string head = ok("/now").substr(0, ok("/now").size() - 4);
    CHECK(house.ask(fd, "HEAD /now HTTP/1.1\r\nHost: h\r\n\r\n" + get("/now")) ==
          head + ok("/now"));
    const std::string streamed = house.ask(fd, "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(streamed.ends_with("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"));
    CHECK(house.ask(fd, get("/now")) == ok("/now"));
    CHECK(house.ask(fd, "HEAD /now HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n$"));
}

TEST_CASE("http server: an answer may come in parts", "[herd][http]") {
    House house;
    const int fd = house.connect();
    const std::string begun = house.ask(fd, get("/stream") + get("/now"));
    CHECK(begun.ends_with(
        "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5\r\nfirst\r\n"));
    house.find(0)->send(std::string(300, 's'));
    CHECK(house.hear(fd) == "12c\r\n" + std::string(300, 's') + "\r\n");
    house.run(200s);
    house.find(0)->end();
    CHECK(house.hear(fd) == "0\r\n\r\n" + ok("/now"));
}

TEST_CASE("http server: who does not read a stream blocks it, and goes", "[herd][http]") {
    House house;
    house.kernel.buffer_size = 10'000;
    const int fd = house.connect();
    house.ask(fd, get("/stream"));
    int parts = 0;
    for (; !house.find(0)->blocked(); ++parts) {
        house.find(0)->send(std::string(1000, 's'));
        house.run(1ms);
        REQUIRE(parts < 100);
    }
    house.hear(fd);
    house.run(1s);
    CHECK_FALSE(house.find(0)->blocked());
    CHECK(house.handler.drained == 1);
    while (!house.find(0)->blocked()) {
        house.find(0)->send(std::string(1000, 's'));
        house.run(1ms);
    }
    house.run(13s);
    CHECK(house.find(0) == nullptr);
    CHECK(house.handler.gone == 1);
    CHECK(house.server.counters().stalled == 1);
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("http server: a body comes as a stream, by its length or in chunks", "[herd][http]") {
    House house({.connections = 4, .body_max = std::uint64_t{10} << 20});
    const int fd = house.connect();
    CHECK(house.ask(fd, post("/body", "abc") + get("/now")) == ok("3 abc") + ok("/now"));
    house.handler.body_bytes = 0;
    CHECK(house.ask(fd,
                    "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "2\r\nab\r\n3;x\r\ncde\r\n0\r\nX: y\r\n\r\n" +
                        get("/now")) == ok("5 abcde") + ok("/now"));
    house.handler.body_bytes = 0;
    const std::string much(5 << 20, 'm');
    CHECK(house.ask(fd, post("/body", much)).starts_with("HTTP/1.1 200 OK"));
    CHECK(house.handler.body_bytes == much.size());
    CHECK(house.handler.largest <= std::size_t{64} << 10);
    CHECK(house.wire.blocks().highest_use() == 0);
    CHECK(house.ask(fd, post("/body", std::string((10 << 20) + 1, 'm')))
              .starts_with("HTTP/1.1 413 "));
}

TEST_CASE("http server: of a body so much is taken in a turn, and all of it in the end",
          "[herd][http]") {
    House house({.connections = 4, .body_max = 1'000'000, .body_per_turn = 9'000});
    house.kernel.buffer_size = 200'000;
    const int fd = house.connect();
    const std::string much(150'000, 'm');
    CHECK(house.ask(fd, post("/body", much) + get("/now")).starts_with("HTTP/1.1 200 OK"));
    CHECK(house.handler.body_bytes == much.size());
    CHECK(house.handler.largest == 9'000);
    CHECK(house.handler.target == "/now");
    CHECK(house.wire.counters().turns_cut >= 14);
    // In chunks, whose lines may be cut by a turn's end.
    house.handler.body_bytes = 0;
    std::string chunks;
    for (std::size_t i = 0; i < 1000; ++i)
        chunks += "3a;x" + std::string(i % 50, 'x') + "\r\n" + much.substr(0, 58) + "\r\n";
    const std::string answer =
        house.ask(fd,
                  "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks +
                      "0\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK"));
    CHECK(house.handler.body_bytes == 58'000);
    // A turn ends within a chunk's line, and what ends that has come already.
    house.handler.body_bytes = 0;
    const std::string line_cut =
        "231e\r\n" + much.substr(0, 0x231e) + "\r\n5\r\nhello\r\n0\r\n\r\n";
    CHECK(
        house
            .ask(fd,
                 "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + line_cut)
            .starts_with("HTTP/1.1 200 OK"));
    CHECK(house.handler.body_bytes == 0x231e + 5);
    CHECK(house.wire.blocks().in_use() == 0);
}

TEST_CASE("http server: who stops within a body has the time of a request, and is told so",
          "[herd][http]") {
    House house({.connections = 4, .request_s = 40, .idle_s = 20});
    const int fd = house.connect();
    const std::string begun = post("/body", "abcdef");
    house.ask(fd, begun.substr(0, begun.size() - 3));
    house.run(38s);
    CHECK(house.hear(fd).empty());
    house.run(5s);
    CHECK(house.hear(fd).starts_with("HTTP/1.1 408 "));
    CHECK(house.server.counters().late == 1);
}

TEST_CASE("http server: who waits to be told to go on is told so once", "[herd][http]") {
    House house;
    const int fd = house.connect();
    const std::string head =
        " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    CHECK(house.ask(fd, "POST /body" + head) == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(house.ask(fd, "a").empty());
    CHECK(house.ask(fd, "bc") == ok("3 abc"));
    // It has not waited.
    house.handler.body_bytes = 0;
    CHECK(house.ask(fd, "POST /body" + head + "abc") == ok("3 abc"));
    CHECK(house.ask(fd, "POST /early" + head).starts_with("HTTP/1.1 413 "));
}

TEST_CASE("http server: an answer before the body ends the connection", "[herd][http]") {
    House house;
    const int fd = house.connect();
    const std::string answer =
        house.ask(fd, post("/early", std::string(50'000, 'x')) + get("/now"));
    CHECK(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("Content Too Large\n$"));
    CHECK(house.handler.begun == 1);
}

TEST_CASE("http server: what is refused is answered, behind what came before it", "[herd][http]") {
    House house;
    const std::pair<std::string, const char*> cases[] = {
        {"nonsense\r\n\r\n", "400 Bad Request"},
        {"GET /now HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {get("/now", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "400 Bad Request"},
        {get("/now", "X: " + std::string(9000, 'x') + "\r\n"), "431 Request Header"},
        {"GET /now HTTP/3.0\r\nHost: h\r\n\r\n", "505 HTTP Version"},
        {post("/body", "") + "2", "400 Bad Request"},
        {"POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
         "400 Bad Request"},
        {get("/elsewhere").replace(4, 1, "*"), "404 Not Found"},
        {"BREW /now HTTP/1.1\r\nHost: h\r\n\r\n", "501 Not Implemented"},
    };
    for (const auto& [text, status] : cases) {
        INFO(text.substr(0, 60));
        const int fd = house.connect();
        const std::string heard = house.ask(fd, get("/now") + text);
        REQUIRE(heard.starts_with(ok("/now")));
        CHECK(heard.substr(ok("/now").size()).starts_with(std::string("HTTP/1.1 ") + status));
        house.close(fd);
        house.run(3s);
    }
    CHECK(house.server.counters().refused == 8);
}

TEST_CASE("http server: what is about no path is answered with the methods that there are",
          "[herd][http]") {
    House house;
    const int fd = house.connect();
    for (const std::string line :
         {"OPTIONS *", "OPTIONS http://h", "CONNECT h:443", "CONNECT [::1]:443", "CONNECT h"}) {
        INFO(line);
        const std::string heard = house.ask(fd, line + " HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(heard.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
        CHECK(heard.find("\r\nAllow: GET, HEAD, POST\r\n") != std::string::npos);
    }
    CHECK(house.handler.begun == 0);
    // Of a path, its handler knows.
    CHECK(house.ask(fd, "OPTIONS /now HTTP/1.1\r\nHost: h\r\n\r\n") == ok("/now"));
    CHECK(house.ask(fd, "OPTIONS http://h/now?1 HTTP/1.1\r\nHost: h\r\n\r\n") ==
          ok("http://h/now?1"));
}

}  // namespace http_server_test
