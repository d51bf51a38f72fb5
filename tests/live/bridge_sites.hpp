#pragma once

#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "herd/tls/dialler.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "reactor/handshakes.hpp"
#include "tests/live/client.hpp"
#include "tests/live/process.hpp"
#include "tests/live/stepped_herd.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

// Herds whose servers stand in the test's own process, on the real kernel, with bridges to a real
// broker. They move only while the test waits for something.
namespace live::bridges {

inline constexpr std::uint32_t clients_max = 20'000;
inline constexpr auto somewhere = "+34.068930-118.445127";

// One server with its loop, and the port of its clients if it has one.
class Member {
public:
    Member(const herd::config::Config& config,
           const herd::config::Server& self,
           const herd::tls::Files* broker)
        : places(loop),
          handshakes(loop, {}, &herd::tls::OpensslSealer::leave_thread),
          sealing{handshakes, reactor::Delegate<reactor::SealPtr()>::to<&Member::dial>(*this)},
          server(
              loop, places, config, self, {}, {.brokers = broker != nullptr ? &sealing : nullptr}),
          broker_name(config.bridge.tls.name) {
        REQUIRE(loop.open(herd::loop_limits(config), true));
        if (broker != nullptr) {
            REQUIRE(handshakes.open());
            REQUIRE(dialler.open(*broker, herd::wire_limits(config).send_size));
        }
        const auto opened = server.open();
        INFO((opened ? std::string() : opened.error()));
        REQUIRE(opened);
        if (!self.takes_clients()) return;
        reporter = std::make_unique<LoopbackSocket>(port());
        REQUIRE(reporter->connect());
    }
    std::uint16_t port() const { return server.clients().address().port; }
    reactor::SealPtr dial() { return dialler.dial(broker_name); }

    reactor::Loop loop;
    InstantPlaces places;
    herd::tls::Dialler dialler;
    reactor::Handshakes handshakes;
    herd::nats::Sealing sealing;
    herd::Server server;
    std::string broker_name;
    std::unique_ptr<LoopbackSocket> reporter;
};

// A herd of a server for clients and some bridges, all of them linked with it.
class Site {
public:
    Site(std::string name, const herd::config::Bridge& bridge, int bridges = 1)
        : name_(std::move(name)) {
        const auto any = reactor::Address::loopback(0);
        config.servers.push_back({name_, any, any, {}});
        for (int i = 0; i < bridges; ++i) {
            const std::string each = name_ + "-bridge" + std::to_string(i);
            config.servers.push_back({each, {}, any, {name_}});
            config.servers.back().bridge = true;
            config.servers.front().neighbours.push_back(each);
        }
        config.limits.clients = clients_max;
        config.limits.connections = 100;
        config.limits.blocks = 4'000;
        config.log = {folder.path(), false};
        config.bridge = bridge;
    }
    // Its bridges speak TLS with brokers.
    void seal(const herd::tls::Files& files, const std::string& broker) {
        files_ = files;
        config.bridge.tls.authority = files.authority;
        config.bridge.tls.name = broker;
    }

    void start() {
        const auto* const files = config.bridge.is_sealed() ? &files_ : nullptr;
        for (const auto& self : config.servers) {
            members.push_back(std::make_unique<Member>(config, self, files));
        }
        for (std::size_t i = 0; i < members.size(); ++i) connect(i);
    }
    // The bridge's process dies, and another one begins.
    void kill_bridge(std::size_t i) { members[i].reset(); }
    void start_bridge(std::size_t i) {
        const auto* const files = config.bridge.is_sealed() ? &files_ : nullptr;
        members[i] = std::make_unique<Member>(config, config.servers[i], files);
        members[0]->server.aim(config.servers[i].name, members[i]->server.neighbours().address());
        connect(i);
    }

    // A client of the site's server says that it is there, then.
    void report(const std::string& client, std::int64_t second, const char* at = somewhere) {
        const std::string line =
            "IAMAT " + client + " " + at + " " + std::to_string(second) + ".5\n";
        unsaid_ += line;
        ++reports_;
        say();
    }
    void say() {
        const int fd = members[0]->reporter->fd();
        const ssize_t size =
            ::send(fd, unsaid_.data(), unsaid_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size > 0) unsaid_.erase(0, static_cast<std::size_t>(size));
        std::array<char, 65536> heard;
        while (::recv(fd, heard.data(), heard.size(), MSG_DONTWAIT) > 0) continue;
    }
    // All reports have been taken.
    bool has_said() const { return members[0]->server.counters().iamat == reports_; }
    void run_once() {
        if (!unsaid_.empty()) say();
        std::array<char, 65536> heard;
        while (::recv(members[0]->reporter->fd(), heard.data(), heard.size(), MSG_DONTWAIT) > 0) {
        }
        for (const auto& member : members) {
            if (member == nullptr) continue;
            member->loop.run_once();
            member->server.check();
        }
    }

    const herd::table::LocationTable& table(std::size_t i = 0) const {
        return members[i]->server.table();
    }
    std::string line_of(const std::string& client) const {
        const auto* const record = table().find(client);
        return record == nullptr ? "" : std::string(table().line(*record));
    }
    herd::watch::BridgeStatus bridge(std::size_t i = 1) const {
        herd::watch::Status status;
        members[i]->server.bridge()->describe(status);
        return status.bridge;
    }
    const herd::watch::Counters& counters(std::size_t i = 1) const {
        return members[i]->server.counters();
    }
    std::string log(std::size_t i = 1) {
        members[i]->server.log().settle(std::chrono::seconds(1));
        return read_file(folder / (config.servers[i].name + ".log"));
    }

    herd::config::Config config;
    TemporaryFolder folder;
    std::vector<std::unique_ptr<Member>> members;

private:
    void connect(std::size_t i) {
        for (const auto& name : config.servers[i].neighbours) {
            for (std::size_t other = 0; other < members.size(); ++other) {
                if (config.servers[other].name != name || members[other] == nullptr) continue;
                members[i]->server.aim(name, members[other]->server.neighbours().address());
            }
        }
        members[i]->server.start();
    }

    std::string name_;
    herd::tls::Files files_;
    std::string unsaid_;
    std::uint64_t reports_ = 0;
};

// Moves all of them until it is so.
template <class Holds>
bool wait(const std::vector<Site*>& sites, Holds holds, Clock::duration time = deadline) {
    const auto end = Clock::now() + time;
    while (!holds()) {
        if (Clock::now() >= end) return false;
        for (Site* const site : sites) site->run_once();
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
}

}  // namespace live::bridges
