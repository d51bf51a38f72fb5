#pragma once

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// A few whole servers on the fake kernel, without faults, driven step by step.
namespace herd::small_world {

using namespace std::chrono_literals;

inline constexpr sim::Host visitors = 9;

// What the servers have in their secret file, if they have one.
inline constexpr const char* secret =
    "new-0123456789abcdef0123456789abcdef\nold-0123456789abcdef0123456789abcdef\n";

inline config::Config herd_of_two() {
    using reactor::Address;
    config::Config config;
    config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"B"}},
                      {"B", Address::loopback(1001), Address::loopback(1101), {"A"}}};
    config.limits.clients = 100;
    config.limits.long_records = 1;
    config.limits.blocks = 256;
    config.limits.connections = 4;
    return config;
}

// One server and all that dies with it; it lives on the host of its index.
struct Process {
    Process(sim::FakeKernel& fake, const config::Config& config, sim::Host index)
        : kernel(fake),
          host(index),
          server(loop,
                 places,
                 config,
                 config.servers[index],
                 reactor::Delegate<void()>::to<&Process::on_stopped>(*this)) {
        REQUIRE(loop.open(loop_limits(config)).has_value());
    }
    void start() {
        REQUIRE(server.open().has_value());
        server.start();
    }
    void on_stopped() { ++stopped; }

    sim::FakeKernel& kernel;
    sim::Host host;
    reactor::Loop loop;
    sim::FakePlaces places{loop};
    Server server;
    int stopped = 0;
};

class World {
public:
    explicit World(config::Config wanted = herd_of_two(), std::size_t count = 1)
        : config(std::move(wanted)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        if (!config.access.secret_file.empty()) kernel.disk.put(config.access.secret_file, secret);
        for (sim::Host host = 0; host < count; ++host) {
            kernel.enter(host);
            servers.push_back(std::make_unique<Process>(kernel, config, host));
            servers.back()->start();
        }
        run(10ms);
    }

    Server& a() { return servers[0]->server; }
    Server& b() { return servers[1]->server; }
    void run(reactor::Duration duration) {
        const std::int64_t until = kernel.now_ns() + duration.count();
        while (kernel.now_ns() < until) {
            std::int64_t next = until;
            bool turned = false;
            for (const auto& each : servers) {
                if (each->stopped > 0) continue;
                const std::int64_t wakes = each->loop.wakes_at().time_since_epoch().count();
                next = std::min(next, wakes);
                if (wakes > kernel.now_ns() && !kernel.ready(each->host)) continue;
                kernel.enter(each->host);
                each->loop.run_once();
                turned = true;
            }
            if (turned) continue;
            if (const auto arrival = kernel.next_arrival()) next = std::min(next, *arrival);
            kernel.advance_to(std::max(next, kernel.now_ns() + 1));
        }
    }
    int connect(std::uint16_t port = 1000) {
        const auto pass = [this](reactor::Duration duration) { run(duration); };
        const int fd = fake_client::connect(kernel, visitors, port, pass);
        run(10us);
        return fd;
    }
    // From 10.0.0.`last`.
    int connect_from(std::uint8_t last, std::uint16_t port = 1000) {
        kernel.enter(visitors);
        const int fd = *kernel.open_socket();
        REQUIRE(kernel.bind(fd, {{10, 0, 0, last}, false, ++ports}).has_value());
        static_cast<void>(kernel.connect(fd, reactor::Address::loopback(port)));
        run(10us);
        kernel.enter(visitors);
        REQUIRE(kernel.take_error(fd).has_value());
        run(10us);
        return fd;
    }
    void say(int fd, const std::string& text) {
        if (text.empty()) return;
        kernel.enter(visitors);
        REQUIRE(*kernel.send(fd, text) == text.size());
        run(100us);
    }
    // All that has come; the last character is '$' when the server has ended.
    std::string hear(int fd) {
        const auto heard = fake_client::receive_all(kernel, visitors, fd);
        return heard.text + (heard.end == fake_client::Heard::End::none ? "" : "$");
    }
    bool closed(int fd) { return hear(fd).ends_with('$'); }
    // How long the first server takes to stop.
    std::chrono::milliseconds shut_down() {
        kernel.enter(0);
        a().shut_down();
        auto taken = 0ms;
        for (; servers[0]->stopped == 0 && taken < 10s; taken += 10ms) run(10ms);
        CHECK(servers[0]->stopped == 1);
        return taken;
    }

    sim::FakeKernel kernel{1};
    config::Config config;
    std::vector<std::unique_ptr<Process>> servers;
    std::uint16_t ports = 20'000;  // of visitors with an address of their own
};

}  // namespace herd::small_world
