#pragma once

#include "herd/nats/connection.hpp"
#include "herd/nats/jetstream.hpp"
#include "protocol/jetstream_push.hpp"
#include "tests/sim/broker_host.hpp"
#include "tests/sim/fake_kernel.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A connection to the fake broker of the simulation.
namespace herd::nats::fake_broker {

using namespace std::chrono_literals;
using protocol::jetstream::ConsumerState;
using protocol::jetstream::Purged;
using protocol::jetstream::StreamState;
using protocol::nats::Delivery;
using Pair = std::pair<std::string, std::string>;

inline constexpr sim::Host here = 1;
inline constexpr sim::Host there = 2;
inline constexpr std::uint16_t port = 4222;

// Has what a call has come to.
template <class T>
struct Outcome {
    void take(const Called<T>& came) { called = came; }
    std::optional<Called<T>> called = {};
};

// A client, and a broker that is all there is beside it.
class Site final : public Owner {
public:
    explicit Site(std::uint64_t seed = 1) : kernel(seed), broker(kernel, there, port, seed) {
        broker.start();
        kernel.enter(here);
        REQUIRE(loop.open({.watches = 16, .timers = 8}).has_value());
        REQUIRE(wire.open({.send_size = std::size_t{64} << 10, .blocks = 256, .watches = 16})
                    .has_value());
        connection.start();
    }
    ~Site() { kernel.enter(here); }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    void on_live() override { ++lives; }
    void on_down(Ended) override { ++downs; }
    void on_room() override { ++rooms; }

    void run(reactor::Duration duration) {
        const std::int64_t until = kernel.now_ns() + duration.count();
        while (kernel.now_ns() < until) step(until);
    }
    template <class Holds>
    bool wait(Holds holds, reactor::Duration time = 30s) {
        const std::int64_t until = kernel.now_ns() + time.count();
        while (!holds() && kernel.now_ns() < until) step(until);
        return holds();
    }
    bool wait_live() {
        return wait([this] { return connection.live(); });
    }

    template <class T, class Call>
    Called<T> ask(Call call) {
        Outcome<T> outcome;
        kernel.enter(here);
        REQUIRE(call(CalledTo<T>::template to<&Outcome<T>::take>(outcome)) == Said::yes);
        REQUIRE(wait([&] { return outcome.called.has_value(); }));
        return *outcome.called;
    }
    Called<StreamState> create(bool on_disk = false, std::int64_t max_bytes = -1) {
        return ask<StreamState>([&](CalledTo<StreamState> to) {
            return jetstream.create(
                {.name = "KV_x", .subjects = "$KV.x.>", .on_disk = on_disk, .max_bytes = max_bytes},
                to);
        });
    }
    Called<StreamState> info() {
        return ask<StreamState>(
            [&](CalledTo<StreamState> to) { return jetstream.stream_info("KV_x", to); });
    }
    Called<Purged> purge(const std::string& subject) {
        return ask<Purged>(
            [&](CalledTo<Purged> to) { return jetstream.purge("KV_x", subject, to); });
    }
    // The answer to a request: its payload, or what became of it in brackets.
    std::string ask(const std::string& subject, const std::string& payload) {
        answer.clear();
        kernel.enter(here);
        const auto said =
            connection.request(subject, payload, 20s, ReplyTo::to<&Site::on_reply>(*this));
        REQUIRE(said == Said::yes);
        REQUIRE(wait([this] { return !answer.empty(); }));
        return answer;
    }
    void on_reply(const Reply& reply) {
        headers = reply.headers;
        const bool said = reply.kind == Reply::Kind::answered && !reply.payload.empty();
        answer = said ? std::string(reply.payload)
                      : "[" + std::to_string(static_cast<int>(reply.kind)) + "]";
    }
    // Whether the bucket says that it has stored it.
    bool put(const std::string& key, const std::string& value) {
        return protocol::jetstream::parse_stored(ask("$KV.x." + key, value)).has_value();
    }
    std::string read(const std::string& key) {
        return ask("$JS.API.DIRECT.GET.KV_x", R"({"last_by_subj":"$KV.x.)" + key + "\"}");
    }
    std::string refusal(const std::string& key) {
        const auto stored = protocol::jetstream::parse_stored(ask("$KV.x." + key, "v"));
        return stored ? "stored" : std::to_string(stored.error().reason);
    }

    std::string deliver_subject() const { return std::string(connection.inbox()) + ".bucket.1"; }
    std::uint64_t watch(std::uint64_t from_seq = 0) {
        kernel.enter(here);
        REQUIRE(connection.subscribe(deliver_subject(),
                                     Connection::Deliver::to<&Site::on_delivery>(*this)) != 0);
        const std::string subject = deliver_subject();
        const auto watching = ask<ConsumerState>([&](CalledTo<ConsumerState> to) {
            return jetstream.consume(
                {.stream = "KV_x", .deliver_subject = subject, .from_seq = from_seq}, to);
        });
        REQUIRE(watching.has_value());
        return watching->pending;
    }
    void on_delivery(const Delivery& delivery) {
        const auto note = protocol::jetstream::note_of(delivery, deliver_subject());
        if (note) {
            ++notes;
            last_note = *note;
            last_note.answer_to = {};
            if (answers && !note->answer_to.empty())
                connection.publish({.subject = note->answer_to});
            return;
        }
        const auto pushed = protocol::jetstream::parse_pushed(delivery.reply);
        REQUIRE(pushed.has_value());
        CHECK(pushed->consumer_seq == ++consumer_seq);
        pending = pushed->pending;
        seen.emplace_back(delivery.subject, delivery.payload);
    }

    sim::FakeKernel kernel;
    sim::BrokerHost broker;
    Options options{.addresses = {reactor::Address::loopback(port)}};
    reactor::Loop loop;
    reactor::Wire wire{loop};
    Log log{loop};
    Connection connection{loop, wire, log, options, *this};
    JetStream jetstream{connection};
    int lives = 0;
    int downs = 0;
    int rooms = 0;
    int notes = 0;
    bool answers = true;
    protocol::jetstream::Note last_note;
    std::uint64_t consumer_seq = 0;
    std::uint64_t pending = 0;
    std::string answer;
    std::string headers;
    std::vector<Pair> seen;

private:
    void step(std::int64_t until) {
        if (broker.turn()) return;
        const std::int64_t wakes = loop.wakes_at().time_since_epoch().count();
        if (wakes <= kernel.now_ns() || kernel.ready(here)) {
            kernel.enter(here);
            loop.run_once();
            connection.check();
            return;
        }
        std::int64_t next = std::min({until, wakes, broker.wakes_ns()});
        if (const auto arrival = kernel.next_arrival()) next = std::min(next, *arrival);
        kernel.advance_to(std::max(next, kernel.now_ns()));
    }
};

}  // namespace herd::nats::fake_broker
