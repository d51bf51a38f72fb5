#pragma once

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "protocol/peer_message.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"
#include "tests/unit/herd/links/played.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace dialled {

using namespace std::chrono_literals;

inline constexpr sim::Host here = 1;
inline constexpr sim::Host there = 2;
inline constexpr const char* epoch_b = "000000000000000b";

// Server A, whose neighbour B is played by the test: it listens where A dials.
class House {
public:
    explicit House(std::uint32_t records_per_turn = 256, std::uint32_t long_records = 1)
        : config(configure(records_per_turn, long_records)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open(herd::loop_limits(config)).has_value());
        REQUIRE(server.open().has_value());
        server.start();
    }

    static herd::config::Config configure(std::uint32_t records_per_turn,
                                          std::uint32_t long_records) {
        using reactor::Address;
        herd::config::Config config;
        config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"B"}},
                          {"B", Address::loopback(1001), Address::loopback(1101), {"A"}}};
        config.limits = {.clients = 5000,
                         .long_records = long_records,
                         .line_max = 300,
                         .records_per_turn = records_per_turn};
        return config;
    }
    void run(reactor::Duration duration) { sim::run_host(kernel, here, loop, duration); }
    int connect(std::uint16_t port) {
        return herd::fake_client::connect(
            kernel, there, port, [this](reactor::Duration duration) { run(duration); });
    }

    // What B does.
    void listen() {
        kernel.enter(there);
        listener = *kernel.open_socket();
        REQUIRE(kernel.bind(listener, reactor::Address::loopback(1101)).has_value());
        REQUIRE(kernel.listen(listener).has_value());
    }
    // Waits until A has dialled, and returns what it says first.
    std::string accept(reactor::Duration timeout = 6s) {
        for (auto waited = 0ms; waited < timeout; waited += 1ms) {
            run(1ms);
            kernel.enter(there);
            if (const auto accepted = kernel.accept(listener)) {
                fd = *accepted;
                ended = false;
                return hear();
            }
        }
        return "";
    }
    void say(const std::string& bytes) {
        kernel.enter(there);
        static_cast<void>(kernel.send(fd, bytes));
    }
    // What has come when `duration` has passed; at most `most` bytes of it.
    std::string hear(reactor::Duration duration = 1ms, std::size_t most = SIZE_MAX) {
        run(duration);
        return receive(fd, most);
    }
    std::string receive(int socket, std::size_t most = SIZE_MAX) {
        kernel.enter(there);
        std::string all;
        std::vector<char> buffer(4096);
        while (all.size() < most) {
            const std::size_t size = std::min(buffer.size(), most - all.size());
            const auto received = kernel.receive(socket, std::span(buffer).first(size));
            if (!received && received.error().value == EAGAIN) break;
            ended = !received || *received == 0;
            if (ended) break;
            all.append(buffer.data(), *received);
        }
        return all;
    }
    void hang_up() {
        kernel.enter(there);
        kernel.close(fd);
    }
    std::string welcome(const std::string& position = "0000000000000000 0 0 0",
                        const std::string& epoch = epoch_b) {
        say("WELCOME 1 B " + epoch + " " + position + " 0\n");
        return hear();
    }
    // A position in A's present run.
    std::string in_run(const std::string& position) const {
        char out[protocol::peer_message_size_max];
        const std::string hello(
            protocol::format(out, protocol::Hello{1, "A", server.epoch(), 0, 0}));
        return hello.substr(10, 16) + " " + position;
    }
    // B also dials A and sends its changes: `clients` of them.
    void report_from_b(std::uint32_t clients) {
        std::string text;
        for (std::uint32_t i = 0; i < clients; ++i) {
            text += "AT B +0.5 b" + std::to_string(i) + " +1-1 5\n";
        }
        greet_from_b(text);
    }
    // The connection on which it does.
    int greet_from_b(const std::string& lines) {
        const int dialled = connect(1100);
        const std::string text = std::string("HELLO 1 B ") + epoch_b + " 0 0 00000000000000bb " +
                                 played::cookie_of(server) + "\n" + lines;
        REQUIRE(*kernel.send(dialled, text) == text.size());
        run(100us);
        return dialled;
    }
    // Clients of A's report for the first time, or once more.
    void report(std::uint32_t first, std::uint32_t count) {
        const int visitor = connect(1000);
        ++stamp;
        std::string text;
        for (std::uint32_t i = first; i < first + count; ++i) {
            text += "IAMAT a" + std::to_string(i) + " +1-1 " + std::to_string(stamp) + "\n";
        }
        REQUIRE(*kernel.send(visitor, text) == text.size());
        run(20us);
        kernel.enter(there);
        kernel.close(visitor);
    }
    void on_stopped() {}

    sim::FakeKernel kernel{1};
    herd::config::Config config;
    reactor::Loop loop;
    sim::FakePlaces places{loop};
    herd::Server server{loop,
                        places,
                        config,
                        config.servers[0],
                        reactor::Delegate<void()>::to<&House::on_stopped>(*this)};
    int listener = -1;
    int fd = -1;
    int stamp = 100;
    bool ended = false;
};

// How many of the lines begin so.
inline std::ptrdiff_t count(const std::string& text, const std::string& start) {
    std::ptrdiff_t found = text.starts_with(start) ? 1 : 0;
    for (std::size_t i = 0; (i = text.find("\n" + start, i)) != std::string::npos; ++i) ++found;
    return found;
}

}  // namespace dialled
