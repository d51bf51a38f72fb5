// What may come where a server wants sealed connections, of clients or of neighbours, before its
// handshake and behind it, on the fake kernel with a seal without cryptography: it must not crash,
// and whatever it was, it is gone when its time is over, with all that it held.
#include "reactor/lines.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_seal.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/run_host.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sealed_port_fuzz {

namespace {

using namespace std::chrono_literals;

constexpr sim::Host here = 1;
constexpr sim::Host there = 2;
constexpr std::uint16_t clients_port = 1443;
constexpr std::uint16_t peers_port = 1100;

using fuzz::must;

herd::config::Config small_herd() {
    using reactor::Address;
    herd::config::Config config;
    config.servers = {{"A", Address::loopback(1000), Address::loopback(peers_port), {"B"}},
                      {"B", Address::loopback(1001), Address::loopback(1101), {"A"}}};
    config.servers[0].clients_tls = Address::loopback(clients_port);
    config.keys = "keys";
    config.limits.clients = 64;
    config.limits.long_records = 1;
    config.limits.connections = 4;
    config.limits.tls_connections = 4;
    config.limits.handshakes = 2;
    config.limits.blocks = 64;
    config.limits.line_max = 256;
    config.limits.idle_ms = 10'000;
    return config;
}

class House {
public:
    House() {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 1000;
        kernel_.enter(here);
        process_ = std::make_unique<sim::Process>(config_, config_.servers[0]);
        must(process_->start(config_).empty());
    }
    ~House() {
        kernel_.enter(here);
        process_.reset();
    }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    void play(std::string_view input) {
        const auto how = static_cast<std::uint8_t>(input[0]);
        input.remove_prefix(1);
        const bool neighbour = (how & 1) != 0;
        connect(neighbour ? peers_port : clients_port);
        sim::FakeSeal seal({.dials = true, .name = neighbour ? "B" : "", .expected = "A"});
        const bool shaken = (how & 2) != 0 && shake(seal);
        while (!input.empty()) {
            const auto head = static_cast<std::uint8_t>(input[0]);
            const std::string_view piece = input.substr(1, head % 64);
            input.remove_prefix(1 + piece.size());
            std::string bytes(shaken && (head & 64) != 0 && !piece.empty() ? seal.seal(piece)
                                                                           : piece);
            if ((head & 128) != 0 && !bytes.empty()) bytes.back() = static_cast<char>(head);
            say(bytes);
        }
        if (shaken && (how & 4) != 0) say(seal.farewell());
        kernel_.enter(there);
        kernel_.shutdown_write(fd_);
        run(20s);
        must(process_->server.clients().size() == 0);
        kernel_.enter(there);
        kernel_.close(fd_);
        run(1s);
        must(process_->server.wire().blocks().in_use() == 0);
        kernel_.enter(here);
        process_->server.check();
    }

private:
    void connect(std::uint16_t port) {
        kernel_.enter(there);
        fd_ = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd_, reactor::Address::loopback(port)));
        run(1ms);
        kernel_.enter(there);
        must(kernel_.take_error(fd_).has_value());
        run(1ms);
    }
    bool shake(sim::FakeSeal& seal) {
        for (int i = 0; i < 50; ++i) {
            kernel_.enter(there);
            const auto shaken = seal.shake(fd_);
            if (shaken == reactor::Seal::Shaken::done) return true;
            if (!seal.refusal().empty()) return false;
            run(1ms);
        }
        return false;
    }
    void say(std::string_view bytes) {
        kernel_.enter(there);
        std::string buffer(4096, '\0');
        static_cast<void>(kernel_.receive(fd_, buffer));
        if (!bytes.empty()) static_cast<void>(kernel_.send(fd_, bytes));
        run(10us);
    }
    void run(reactor::Duration time) { run_host(kernel_, here, process_->loop, time); }

    sim::FakeKernel kernel_{1};
    const herd::config::Config config_ = small_herd();
    std::unique_ptr<sim::Process> process_;
    int fd_ = -1;
};

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    if (size > 0) House().play({reinterpret_cast<const char*>(data), size});
}

}  // namespace sealed_port_fuzz
