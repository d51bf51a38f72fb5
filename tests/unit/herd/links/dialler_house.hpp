#pragma once

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"
#include "tests/unit/herd/links/played.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <string>

namespace dialler {

using namespace std::chrono_literals;

inline constexpr sim::Host here = 1;
inline constexpr sim::Host there = 2;

// Server A, whose neighbour B is played by the test: it dials A's peer port and says what it likes.
class House {
public:
    explicit House(const herd::config::Limits& limits = {.clients = 8,
                                                         .long_records = 1,
                                                         .line_max = 300},
                   std::int64_t max_future_ms = 0)
        : config(configure(limits, max_future_ms)) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open(herd::loop_limits(config)).has_value());
        REQUIRE(server.open().has_value());
        server.start();
    }

    static herd::config::Config configure(const herd::config::Limits& limits,
                                          std::int64_t max_future_ms) {
        using reactor::Address;
        herd::config::Config config;
        config.servers = {{"A", Address::loopback(1000), Address::loopback(1100), {"B"}},
                          {"B", Address::loopback(1001), Address::loopback(1101), {"A", "C"}},
                          {"C", Address::loopback(1002), Address::loopback(1102), {"B"}}};
        config.limits = limits;
        config.max_future_ms = max_future_ms;
        return config;
    }
    void run(reactor::Duration duration) { sim::run_host(kernel, here, loop, duration); }
    std::string stored(const char* client) const {
        const herd::table::Record* record = server.table().find(client);
        return record == nullptr ? "" : std::string(server.table().line(*record));
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
};

// One connection to A's peer port.
class Dialler {
public:
    explicit Dialler(House& house) : house_(house) {
        const auto run = [&house](reactor::Duration duration) { house.run(duration); };
        fd_ = herd::fake_client::connect(house.kernel, there, 1100, run);
    }

    void say(const std::string& bytes) {
        if (bytes.empty()) return;
        house_.kernel.enter(there);
        static_cast<void>(house_.kernel.send(fd_, bytes));
    }
    void end() {
        house_.kernel.enter(there);
        house_.kernel.shutdown_write(fd_);
    }
    std::string hear() {
        house_.run(1ms);
        const auto heard = herd::fake_client::receive_all(house_.kernel, there, fd_);
        ended = heard.end != herd::fake_client::Heard::End::none;
        return heard.text;
    }
    bool reset() {
        house_.kernel.enter(there);
        char byte = 0;
        const auto received = house_.kernel.receive(fd_, {&byte, 1});
        return !received && received.error().value != EAGAIN;
    }
    std::string ask(const std::string& bytes) {
        say(bytes);
        return hear();
    }
    // Greets as B itself, and returns the position that A grants: resume-epoch to sweep-slot.
    std::string greet(const std::string& epoch = "000000000000000b", const std::string& seq = "9") {
        const std::string answer =
            ask("HELLO 1 B " + epoch + " " + seq + " 1767225600000000000 00000000000000bb " +
                played::cookie_of(house_.server) + "\n");
        REQUIRE(answer.starts_with("WELCOME 1 A "));
        const std::size_t start = answer.find(' ', 12) + 1;
        return answer.substr(start, answer.rfind(' ') - start);
    }

    bool ended = false;

private:
    House& house_;
    int fd_ = -1;
};

inline const std::string at = "AT B +0.5 c +1-1 5\n";

}  // namespace dialler
