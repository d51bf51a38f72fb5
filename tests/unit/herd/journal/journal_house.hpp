#pragma once

#include "herd/journal/format.hpp"
#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

// One server with a journal on a disk that can fail, and a client of it.
namespace herd::journal_test {

using namespace std::chrono_literals;

inline constexpr const char* path = "j/A.journal";
inline constexpr const char* next_path = "j/A.journal.new";

inline std::string line_of(const std::string& text) {
    std::string line(text.size() + journal::frame_size, '\0');
    return std::string(journal::format_line(line, text));
}
inline std::string title() {
    return line_of("HERD-JOURNAL 1 A");
}
inline std::string at_line(const std::string& client, std::uint64_t time) {
    return "AT A +0.000000001 " + client + " +34.068930-118.445127 " + std::to_string(time);
}

// A journal of a hundred clients, with much that is old.
inline std::string long_one() {
    const std::string line = line_of(at_line("c0", 1));
    std::string bytes = title();
    while (bytes.size() <= 50'000) bytes += line;
    for (int i = 0; i < 100; ++i) bytes += line_of(at_line("c" + std::to_string(i), 2));
    return bytes;
}

class House {
public:
    explicit House(config::Fsync fsync = config::Fsync::second, std::uint64_t seed = 1)
        : kernel(seed) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        config.servers = {
            {"A", reactor::Address::loopback(1000), reactor::Address::loopback(1100), {}}};
        config.limits.clients = 5'000;
        config.limits.long_records = 4;
        config.limits.line_max = 4'096;
        config.limits.connections = 8;
        config.limits.blocks = 512;
        config.journal = {.folder = "j", .fsync = fsync, .pace = {.slack = 100'000}};
    }
    ~House() { kill(); }

    // Whether it starts; otherwise `error` says why not.
    bool start() {
        kernel.enter(1);
        process = std::make_unique<Process>(config);
        const auto opened = process->server.open();
        error = opened ? "" : opened.error();
        if (!opened) return kill(), false;
        process->server.start();
        return true;
    }
    // As by SIGKILL.
    void kill() {
        hang_up();
        kernel.enter(1);
        process = nullptr;
    }
    void lose_power(std::size_t kept = 0) {
        kill();
        kernel.disk.lose_power(kept);
    }

    void run(reactor::Duration duration) { sim::run_host(kernel, 1, process->loop, duration); }
    // Whether it has stopped by itself in time.
    bool shut_down() {
        kernel.enter(1);
        process->server.shut_down();
        run(5s);
        return process->stopped;
    }

    // The client.
    void say(std::string bytes) {
        const auto pass = [this](reactor::Duration duration) { run(duration); };
        if (fd < 0) fd = fake_client::connect(kernel, 2, 1000, pass);
        while (!bytes.empty()) {
            kernel.enter(2);
            bytes.erase(0, kernel.send(fd, bytes).value_or(0));
            if (!bytes.empty()) run(10us);
        }
    }
    void report(const std::string& client, std::uint64_t time) {
        say("IAMAT " + client + " +34.068930-118.445127 " + std::to_string(time) + "\n");
    }
    // All that has come since.
    std::string hear() {
        kernel.enter(2);
        std::string all;
        char buffer[4096];
        while (const auto received = fd < 0 ? 0 : kernel.receive(fd, buffer)) {
            if (*received == 0) break;
            all.append(buffer, *received);
        }
        return all;
    }
    void hang_up() {
        kernel.enter(2);
        if (fd >= 0) kernel.close(std::exchange(fd, -1));
    }
    // Whether that very report is answered within that time.
    bool answered(const std::string& client,
                  std::uint64_t time,
                  reactor::Duration timeout = 100us) {
        report(client, time);
        run(timeout);
        const std::string end = " " + client + " +34.068930-118.445127 " + std::to_string(time);
        return hear().find(end + "\n") != std::string::npos;
    }

    // The stamp that the server knows of the client; empty: none.
    std::string known(const std::string& client) const {
        const table::Record* record = process->server.table().find(client);
        if (record == nullptr) return "";
        const std::string line(process->server.table().line(*record));
        return line.substr(line.rfind(' ') + 1);
    }
    std::uint32_t stored() const { return process->server.table().size(); }
    const watch::Counters& counters() const { return process->server.counters(); }
    std::string file(std::size_t from = 0) const { return kernel.disk.content(path, from); }

    struct Process {
        explicit Process(const config::Config& config)
            : places(loop),
              server(loop,
                     places,
                     config,
                     config.servers[0],
                     reactor::Delegate<void()>::to<&Process::on_stopped>(*this)) {
            REQUIRE(loop.open(loop_limits(config)).has_value());
        }
        void on_stopped() { stopped = true; }

        reactor::Loop loop;
        sim::FakePlaces places;
        Server server;
        bool stopped = false;
    };

    sim::FakeKernel kernel;
    config::Config config;
    std::unique_ptr<Process> process;
    std::string error;
    int fd = -1;
};

}  // namespace herd::journal_test
