#pragma once

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace legacy {

using namespace std::chrono_literals;

inline constexpr sim::Host here = 1;
inline constexpr sim::Host there = 2;

// Server A in virtual time; its neighbour Old is legacy, and played by the test.
class House {
public:
    explicit House(const herd::config::Limits& limits = {.clients = 5000,
                                                         .long_records = 8,
                                                         .line_max = 300},
                   const reactor::Address& old = reactor::Address::loopback(1001),
                   std::int64_t ttl_s = 0)
        : config(configure(limits, old, ttl_s)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open(herd::loop_limits(config)).has_value());
        REQUIRE(server.open().has_value());
        server.start();
    }

    void run(reactor::Duration duration) { sim::run_host(kernel, here, loop, duration); }
    void shut_down() {
        kernel.enter(here);
        server.shut_down();
    }

    // Old is up: it listens.
    void listen() {
        kernel.enter(there);
        listener_ = *kernel.open_socket();
        REQUIRE(kernel.bind(listener_, reactor::Address::loopback(1001)).has_value());
        REQUIRE(kernel.listen(listener_).has_value());
    }
    void close_listener() { close(listener_); }
    // The next connection from A that Old accepts, or -1.
    int accept(reactor::Duration timeout = 100us) {
        for (auto waited = 0us; waited < timeout; waited += 10us) {
            kernel.enter(there);
            if (const auto accepted = kernel.accept(listener_)) return *accepted;
            run(10us);
        }
        return -1;
    }
    // A connection to A's port for peers.
    int dial(std::uint16_t port = 1100) {
        return herd::fake_client::connect(
            kernel, there, port, [this](reactor::Duration duration) { run(duration); });
    }
    void say(int fd, const std::string& bytes) {
        kernel.enter(there);
        REQUIRE(*kernel.send(fd, bytes) == bytes.size());
        run(10us);
    }
    void end(int fd) {
        kernel.enter(there);
        kernel.shutdown_write(fd);
        run(100us);
    }
    void close(int fd) {
        kernel.enter(there);
        kernel.close(fd);
        run(100us);
    }
    // What has come; the last character is '$' when A has ended, '!' when it was reset.
    std::string hear(int fd, reactor::Duration duration = 100us) {
        run(duration);
        const auto [text, end] = herd::fake_client::receive_all(kernel, there, fd);
        using End = herd::fake_client::Heard::End;
        return text + (end == End::none ? "" : end == End::orderly ? "$" : "!");
    }
    // The next message, acknowledged: what follows AT and the skew, as in "c +1-1 5 A$".
    std::string take(reactor::Duration timeout = 100us) {
        const int fd = accept(timeout);
        if (fd < 0) return "";
        const std::string said = hear(fd);
        close(fd);
        return content(said);
    }
    static std::string content(const std::string& message) {
        const std::size_t server = message.find(' ');
        const std::size_t skew = message.find(' ', server + 1);
        const std::size_t client = message.find(' ', skew + 1);
        return client == std::string::npos ? message : message.substr(client + 1);
    }

    // A client of A's reports.
    void report(const std::string& client, int stamp) {
        const int fd = dial(1000);
        const std::string line = "IAMAT " + client + " +1-1 " + std::to_string(stamp) + "\n";
        REQUIRE(*kernel.send(fd, line) == line.size());
        run(20us);
        kernel.enter(there);
        kernel.close(fd);
    }
    std::string stored(const std::string& client) const {
        const herd::table::Record* record = server.table().find(client);
        return record == nullptr ? "" : std::string(server.table().line(*record));
    }
    bool live() const { return server.neighbours().reach().live == 1; }
    const herd::watch::Counters& counters() const { return server.counters(); }

    sim::FakeKernel kernel{1};
    herd::config::Config config;
    reactor::Loop loop;
    sim::FakePlaces places{loop};
    herd::Server server{loop,
                        places,
                        config,
                        config.servers[0],
                        reactor::Delegate<void()>::to<&House::on_stopped>(*this)};
    bool stopped = false;

private:
    static herd::config::Config configure(const herd::config::Limits& limits,
                                          const reactor::Address& old,
                                          std::int64_t ttl_s) {
        using reactor::Address;
        herd::config::Config config;
        config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"Old"}},
                          {"Old", old, old, {"A"}, true}};
        config.limits = limits;
        config.ttl_s = ttl_s;
        config.max_future_ms = 86'400'000;
        return config;
    }
    void on_stopped() { stopped = true; }

    int listener_ = -1;
};

}  // namespace legacy
