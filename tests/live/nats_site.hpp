#pragma once

#include "herd/config/config.hpp"
#include "herd/keys/make.hpp"
#include "herd/nats/connection.hpp"
#include "herd/nats/jetstream.hpp"
#include "herd/tls/dialler.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "protocol/jetstream_push.hpp"
#include "reactor/handshakes.hpp"
#include "tests/live/client.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// A real broker, and a client of it in the test's own process.
namespace live::nats {

// Where nats-server is; empty: nowhere. Debian has it where only root's PATH leads.
inline std::filesystem::path server_program() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const path = std::getenv("PATH");
    std::istringstream folders((path == nullptr ? "" : std::string(path) + ":") + "/usr/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto program = std::filesystem::path(folder) / "nats-server";
        if (std::filesystem::exists(program)) return program;
    }
    return {};
}

// A nats-server with JetStream in a folder of its own.
class Broker {
public:
    explicit Broker(std::string more = "") : more_(std::move(more)) { start(); }

    void start() {
        const auto file = write_file(folder_ / "nats.conf",
                                     "listen: \"127.0.0.1:" + std::to_string(port_) +
                                         "\"\njetstream { store_dir: \"" +
                                         (folder_ / "store").string() + "\" }\n" + more_ + "\n");
        process_ = std::make_unique<Process>(
            std::vector<std::string>{server_program().string(), "-c", file.string()});
        REQUIRE(eventually([this] { return accepts(port_) || process_->ended(); }));
        INFO(process_->err());
        REQUIRE_FALSE(process_->ended());
    }
    void kill(int signal) {
        process_->signal(signal);
        REQUIRE(process_->wait());
    }
    void signal(int number) const { process_->signal(number); }
    reactor::Address address() const { return reactor::Address::loopback(port_); }

private:
    std::string more_;
    TemporaryFolder folder_;
    std::uint16_t port_ = take_ports(1).front();
    std::unique_ptr<Process> process_;
};

// One that knows a user herd, and speaks TLS behind INFO as "broker", with the keys that prove it.
struct SealedBroker {
    TemporaryFolder folder;
    std::string keys = (folder / "keys").string();
    Broker broker{settings(keys)};

private:
    static std::string settings(const std::string& keys) {
        herd::config::Config config;
        config.servers = {
            {"broker", reactor::Address::loopback(1), reactor::Address::loopback(2), {}}};
        std::vector<std::string> made;
        REQUIRE(herd::keys::make(config, keys, 10, made).has_value());
        const auto files = herd::tls::files_in(keys, "broker");
        return "authorization { user: herd, password: secret }\ntls { cert_file: \"" +
               files.certificate + "\", key_file: \"" + files.key + "\" }";
    }
};

// The client, which is driven by who waits for something.
class Site final : public herd::nats::Owner {
public:
    using Delivery = protocol::nats::Delivery;
    using Reply = herd::nats::Reply;

    explicit Site(herd::nats::Options wanted, const herd::tls::Files* files = nullptr)
        : options(std::move(wanted)) {
        REQUIRE(loop.open({.watches = 64, .timers = 16}).has_value());
        REQUIRE(wire.open({.send_size = std::size_t{64} << 10, .blocks = 256, .watches = 64})
                    .has_value());
        REQUIRE(handshakes.open().has_value());
        if (files != nullptr) {
            const auto opened = dialler.open(*files, wire.limits().send_size);
            INFO(opened.error());
            REQUIRE(opened.has_value());
            options.sealing = &sealing;
        }
        connection.start();
    }
    ~Site() { stop(); }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    void on_live() override { ++lives; }
    void on_down(herd::nats::Ended) override { ++downs; }
    void on_room() override { ++rooms; }
    reactor::SealPtr make_seal() { return dialler.dial(broker_name); }

    template <class Holds>
    bool wait(Holds holds, Clock::duration time = deadline) {
        const auto end = Clock::now() + time;
        while (!holds()) {
            if (Clock::now() >= end) return false;
            loop.run_once();
            handshakes.tick();
            connection.check();
        }
        return true;
    }
    bool wait_live() {
        return wait([this] { return connection.live(); });
    }
    void stop() {
        connection.stop();
        wait([this] { return connection.stopped(); });
    }
    std::uint64_t ended(herd::nats::Ended why) const { return connection.counters().of(why); }

    // The answer to a request: its payload, or what became of it in brackets.
    std::string ask(const std::string& subject, const std::string& payload) {
        answer.clear();
        const auto said = connection.request(subject,
                                             payload,
                                             std::chrono::seconds(20),
                                             herd::nats::ReplyTo::to<&Site::on_reply>(*this));
        REQUIRE(said == herd::nats::Said::yes);
        REQUIRE(wait([this] { return !answer.empty(); }));
        return answer;
    }
    void on_reply(const Reply& reply) {
        headers = reply.headers;
        answer = reply.kind == Reply::Kind::answered
                     ? std::string(reply.payload)
                     : "[" + std::to_string(static_cast<int>(reply.kind)) + "]";
    }
    // As who watches a bucket has to: each has the next number, and notes are answered.
    void on_delivery(const Delivery& delivery) {
        const auto note = protocol::jetstream::note_of(delivery, deliver_subject());
        if (note) {
            ++notes;
            if (!note->answer_to.empty()) connection.publish({.subject = note->answer_to});
            return;
        }
        const auto pushed = protocol::jetstream::parse_pushed(delivery.reply);
        REQUIRE(pushed.has_value());
        CHECK(pushed->consumer_seq == ++consumer_seq);
        pending = pushed->pending;
        seen.emplace_back(delivery.subject, delivery.payload);
    }
    std::string deliver_subject() const { return std::string(connection.inbox()) + ".bucket.1"; }

    std::string broker_name = "broker";
    herd::nats::Options options;
    reactor::Loop loop;
    reactor::Wire wire{loop};
    herd::Log log{loop};
    reactor::Handshakes handshakes{loop, {}, &herd::tls::OpensslSealer::leave_thread};
    herd::tls::Dialler dialler;
    herd::nats::Sealing sealing{handshakes,
                                reactor::Delegate<reactor::SealPtr()>::to<&Site::make_seal>(*this)};
    herd::nats::Connection connection{loop, wire, log, options, *this};
    herd::nats::JetStream jetstream{connection};
    int lives = 0;
    int downs = 0;
    int rooms = 0;
    int notes = 0;
    std::uint64_t consumer_seq = 0;
    std::uint64_t pending = 0;
    std::string answer;
    std::string headers;
    std::vector<std::pair<std::string, std::string>> seen;
};

}  // namespace live::nats
