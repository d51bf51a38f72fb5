#pragma once

#include "herd/nats/connection.hpp"
#include "herd/watch/counters.hpp"
#include "reactor/address.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

// A connection to brokers, which are played by the test: they listen where it dials.
namespace herd::nats::broker_house {

using namespace std::chrono_literals;

inline constexpr sim::Host here = 1;
inline constexpr sim::Host there = 2;
inline constexpr std::uint16_t first = 4222;
inline constexpr std::uint16_t second = 4223;

inline std::string info(const std::string& more = "") {
    return R"(INFO {"server_id":"NB","version":"2.9.10","headers":true,"max_payload":100000)" +
           more + "}\r\n";
}

class House final : public Owner {
public:
    explicit House(Options wanted = {}) : options(completed(std::move(wanted))) {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open({.watches = 16, .timers = 8}).has_value());
        REQUIRE(wire.open({.send_size = std::size_t{64} << 10, .blocks = 256, .watches = 16})
                    .has_value());
    }
    ~House() {
        kernel.enter(here);
        connection.check();
    }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    static Options completed(Options wanted) {
        if (wanted.addresses.empty()) wanted.addresses = {reactor::Address::loopback(first)};
        return wanted;
    }

    // What the connection tells.
    void on_live() override { told += "live;"; }
    void on_down(Ended why) override { told += "down " + std::string(to_text(why)) + ";"; }
    void on_room() override { told += "room;"; }
    void on_complaint(protocol::nats::ErrorKind kind, std::string_view) override {
        told += "complaint " + std::string(to_text(kind)) + ";";
    }
    void on_delivery(const protocol::nats::Delivery& delivery) {
        told += std::string(delivery.subject) + "=" + std::string(delivery.payload) +
                (delivery.skipped ? "skipped" : "") + ";";
    }
    void on_reply(const Reply& reply) {
        static const std::map<Reply::Kind, std::string> kinds = {
            {Reply::Kind::answered, "answered"},
            {Reply::Kind::nobody, "nobody"},
            {Reply::Kind::late, "late"},
            {Reply::Kind::lost, "lost"},
            {Reply::Kind::too_long, "too_long"}};
        told += kinds.at(reply.kind) + " " + std::string(reply.payload) + ";";
    }
    // From now on; what it has logged is in kernel.log_of(here).kept.
    void keep_log() {
        kernel.enter(here);
        kernel.log_of(here).keeps = true;
        REQUIRE(log.open("nats.log", false, logged).has_value());
    }
    std::string take_told() { return std::exchange(told, ""); }

    void run(reactor::Duration duration) {
        sim::run_host(kernel, here, loop, duration);
        connection.check();
    }
    void start() {
        kernel.enter(here);
        connection.start();
    }

    // What the broker does.
    void listen(std::uint16_t port = first) {
        kernel.enter(there);
        const int listener = *kernel.open_socket();
        REQUIRE(kernel.bind(listener, reactor::Address::loopback(port)).has_value());
        REQUIRE(kernel.listen(listener).has_value());
        listeners[port] = listener;
    }
    void listen_no_more(std::uint16_t port = first) {
        kernel.enter(there);
        kernel.close(listeners.at(port));
        listeners.erase(port);
    }
    // Waits until it is dialled there; false: it is not.
    bool accept(std::uint16_t port = first, reactor::Duration time = 8s) {
        for (auto waited = 0ns; waited < time; waited += 1ms) {
            run(1ms);
            kernel.enter(there);
            if (const auto accepted = kernel.accept(listeners.at(port))) {
                fd = *accepted;
                return true;
            }
        }
        return false;
    }
    void say(const std::string& text, reactor::Duration after = 1ms) {
        kernel.enter(there);
        static_cast<void>(kernel.send(fd, text));
        run(after);
    }
    // All that has come; the last character is '$' when the connection has ended.
    std::string hear(reactor::Duration after = 1ms) {
        run(after);
        const auto heard = fake_client::receive_all(kernel, there, fd);
        return heard.text + (heard.end == fake_client::Heard::End::none ? "" : "$");
    }
    void hang_up() {
        kernel.enter(there);
        kernel.close(fd);
        run(1ms);
    }
    // Up to a connection that is live, and what was said on it.
    std::string log_in(std::uint16_t port = first, const std::string& more = "") {
        if (!listeners.contains(port)) listen(port);
        if (connection.stopped()) start();
        REQUIRE(accept(port));
        say(info(more));
        std::string heard = hear();
        say("PONG\r\n");
        REQUIRE(connection.live());
        return heard;
    }
    std::uint64_t ended(Ended why) const { return connection.counters().of(why); }

    sim::FakeKernel kernel{1};
    Options options;
    reactor::Loop loop;
    reactor::Wire wire{loop};
    watch::Counters logged;
    Log log{loop};
    Connection connection{loop, wire, log, options, *this};
    std::map<std::uint16_t, int> listeners;
    int fd = -1;
    std::string told;
};

// As the connection is to say it: its inbox is the subject of its first SUB.
inline std::string inbox_of(const std::string& login) {
    const std::size_t at = login.find("SUB ") + 4;
    return login.substr(at, login.find(".*", at) - at);
}

}  // namespace herd::nats::broker_house
