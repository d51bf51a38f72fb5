#include "tests/live/herd_process.hpp"
#include "tests/live/ports.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

namespace connections_test {

using namespace live;

namespace {

const std::string where = " +34.068930-118.445127 1600000000.5";

std::uint64_t resident_kb(int pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
    const std::string_view key = "VmRSS:";
    return std::stoull(status.substr(status.find(key) + key.size()));
}

// As many descriptors as this test may have.
std::uint64_t descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

}  // namespace

TEST_CASE("connections: five servers hold 10,000 clients, each of which can still ask",
          "[live][connections]") {
    constexpr std::size_t each = 2000;
    const std::uint64_t allowed = descriptors();
    if (allowed < 5 * each + 200) {
        WARN("skipped: " << allowed << " descriptors are too few for 10,000 connections");
        return;
    }
    Herd herd({.limits = R"("connections": 2100)"});
    const auto resident = [&] {
        std::vector<std::uint64_t> kb;
        for (const auto& name : herd.names()) kb.push_back(resident_kb(herd.server(name).pid()));
        return kb;
    };
    const auto alone = resident();
    std::deque<Client> clients;
    for (std::size_t i = 0; i < each; ++i) {
        for (const auto& name : herd.names()) clients.emplace_back(herd.port(name));
    }
    const auto all_say = [&](const std::string& command, const std::string& rest) {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            clients[i].send(command + std::to_string(i) + rest + "\n");
        }
    };
    const auto all_hear = [&](const std::string& start) {
        return std::ranges::all_of(
            clients, [&](Client& client) { return client.read_line().starts_with(start); });
    };
    all_say("hello", "");
    CHECK(all_hear("? hello"));
    const auto connected = resident();
    for (const std::string second : {"1", "2"}) {
        all_say("IAMAT c", where + second);
        CHECK(all_hear("AT "));
    }
    const auto known = resident();
    for (std::size_t i = 0; i < herd.names().size(); ++i) {
        const auto kb = [](std::uint64_t amount) {
            return static_cast<unsigned long long>(amount);
        };
        std::printf(
            "figure: %s: resident %llu kB alone, %llu kB with %zu connections, %llu kB with "
            "10,000 clients stored\n",
            herd.names()[i].c_str(),
            kb(alone[i]),
            kb(connected[i]),
            each,
            kb(known[i]));
    }
}

TEST_CASE("connections: a server that may not open enough files says so and does not start",
          "[live][connections]") {
    const TemporaryFolder folder;
    const auto ports = take_ports(2);
    const std::string server = R"({"servers": [{"name": "Solo", "clients": "127.0.0.1:)" +
                               std::to_string(ports[0]) + R"(", "peers": "127.0.0.1:)" +
                               std::to_string(ports[1]) + R"("}], "log": {"folder": ")" +
                               (folder / "log").string() + R"("}, "limits": {"connections": )";
    const auto config = write_file(folder / "herd.json", server + "5000}}");
    const auto ran =
        run({herd_binary(), "serve", "Solo", "--config", config}, {.descriptors = 1024});
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("Solo: open files"));
    CHECK(ran.err.find("limits.connections") != std::string::npos);
    CHECK(ran.err.find('\n') == ran.err.size() - 1);
    // What it advises is enough.
    const std::string advice = "at most ";
    const std::string fitting = ran.err.substr(ran.err.find(advice) + advice.size());
    const auto smaller =
        write_file(folder / "smaller.json", server + std::to_string(std::stoi(fitting)) + "}}");
    Process fits({herd_binary(), "serve", "Solo", "--config", smaller}, {.descriptors = 1024});
    CHECK(fits.says(": clients on "));
}

}  // namespace connections_test
