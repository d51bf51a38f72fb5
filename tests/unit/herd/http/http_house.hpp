#pragma once

#include "herd/http/server.hpp"
#include "reactor/timer.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <string>
#include <vector>

// An HTTP server on the fake kernel, whose handler does what a path says.
namespace herd::http_house {

using namespace std::chrono_literals;

inline constexpr sim::Host server_host = 0;
inline constexpr sim::Host guests = 9;
inline constexpr std::uint16_t port = 1200;

// /now      answers with the path and query
// /big      answers with 100,000 bytes
// /later    keeps the ticket
// /stream   begins an answer, and keeps the ticket
// /body     answers with the size of the body
// /early    answers at the head, whatever comes behind
class Handler final : public http::Handler {
public:
    void on_request(http::Connection& connection, const http::Request& request) override {
        ++begun;
        target = std::string(request.target);
        slot_body[connection.slot()].clear();
        if (request.path() == "/now") return connection.answer({.body = target});
        if (request.path() == "/big") return connection.answer({.body = std::string(100'000, 'b')});
        if (request.path() == "/early") return connection.refuse(413);
        if (request.path() == "/stream") {
            if (!connection.start({.body = "first"})) return;
        }
        if (request.path() == "/body" && !request.has_body) return connection.refuse(400);
        tickets.push_back(connection.ticket());
    }
    void on_body(http::Connection& connection, std::string_view part, bool last) override {
        std::string& body = slot_body[connection.slot()];
        if (!last) CHECK_FALSE(part.empty());
        largest = std::max(largest, part.size());
        body_bytes += part.size();
        if (body.size() < 100) body += part.substr(0, 100);
        if (last) connection.answer({.body = std::to_string(body_bytes) + " " + body});
    }
    void on_drained(http::Connection&) override { ++drained; }
    void on_gone(http::Connection&) override { ++gone; }

    int begun = 0;
    int gone = 0;
    int drained = 0;
    std::string target;
    std::vector<http::Ticket> tickets;
    std::array<std::string, 8> slot_body;
    std::size_t largest = 0;
    std::uint64_t body_bytes = 0;
};

class House {
public:
    explicit House(http::Limits limits = {.connections = 4})
        : server(wire, routes, limits),
          tick_(loop, reactor::Delegate<void()>::to<&House::on_tick>(*this)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(server_host);
        REQUIRE(loop.open({.watches = 64, .timers = 16}).has_value());
        REQUIRE(wire.open({.blocks = 256}).has_value());
        REQUIRE(server.map().has_value());
        REQUIRE(server.listen(reactor::Address::loopback(port)).has_value());
        tick_.start(1s);
    }
    void run(reactor::Duration duration) {
        sim::run_host(kernel, server_host, loop, duration);
        server.check();
        wire.check();
    }
    int connect() {
        return fake_client::connect(
            kernel, guests, port, [this](reactor::Duration duration) { run(duration); });
    }
    void say(int fd, std::string_view text) {
        while (!text.empty()) {
            kernel.enter(guests);
            const auto sent = kernel.send(fd, text);
            if (!sent) break;
            text.remove_prefix(*sent);
            run(100us);
        }
    }
    // All that has come; the last character is '$' when the server has ended.
    std::string hear(int fd) {
        run(100us);
        const auto heard = fake_client::receive_all(kernel, guests, fd);
        return heard.text + (heard.end == fake_client::Heard::End::none ? "" : "$");
    }
    std::string ask(int fd, std::string_view text) {
        say(fd, text);
        return hear(fd);
    }
    void close(int fd) {
        kernel.enter(guests);
        kernel.close(fd);
        run(1ms);
    }
    void end(int fd) {
        kernel.enter(guests);
        kernel.shutdown_write(fd);
        run(1ms);
    }
    // From within the server.
    http::Connection* find(std::size_t ticket) {
        kernel.enter(server_host);
        return server.find(handler.tickets.at(ticket));
    }

    sim::FakeKernel kernel{1};
    reactor::Loop loop;
    reactor::Wire wire{loop};
    Handler handler;
    std::array<http::Route, 2> routes{
        {{.path = "/nothing", .handler = nullptr}, {.path = "/*", .handler = &handler}}};
    http::Server server;

private:
    void on_tick() {
        server.tick();
        tick_.start(1s);
    }
    reactor::Timer tick_;
};

inline std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}

inline std::string post(const std::string& target, const std::string& body) {
    return "POST " + target +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

// The answer to such a request.
inline std::string ok(const std::string& body, bool last = false) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: " + (last ? "close" : "keep-alive") +
           "\r\n\r\n" + body;
}

}  // namespace herd::http_house
