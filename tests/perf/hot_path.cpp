// Work for a server on the fake kernel, to be counted in instructions by callgrind: see
// perf_smoke.py, which runs this once for each case.
#include "bench/fleet.hpp"
#include "bench/picker.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/process.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr sim::Host visitor = 9;
constexpr std::uint32_t clients = 2000;
constexpr std::uint16_t client_port = 1000;
constexpr std::uint16_t http_port = 1200;

// Callgrind counts while this function runs.
[[gnu::noinline]] void run_counted(reactor::Loop& loop) {
    loop.run_once();
}

constexpr std::uint32_t subscriptions_each = 50;  // of one connection

// A herd of one or two, and one that reports at its first server, in batches on several
// connections: every client once, then newer positions of known clients.
struct Shape {
    std::size_t servers;
    std::size_t connections;
    std::uint32_t depth;
    bool travels = false;             // Each report is of another cell than the client's last one.
    bool indexed = true;              // "nearby"
    std::uint32_t subscriptions = 0;  // of clients that never report, and of places elsewhere
    std::uint32_t pages = 0;          // of the live map, that show all clients
    reactor::Duration pace = 10us;    // from one batch to the next
};

herd::config::Config herd_of(const Shape& shape) {
    using reactor::Address;
    herd::config::Config config;
    config.servers = {{"Goloman", Address::loopback(client_port), Address::loopback(1100), {}}};
    if (shape.pages > 0) config.servers[0].http = Address::loopback(http_port);
    if (shape.servers == 2) {
        config.servers[0].neighbours = {"Hands"};
        config.servers.push_back(
            {"Hands", Address::loopback(1001), Address::loopback(1101), {"Goloman"}});
    }
    config.limits.clients = 2 * clients;
    // A page is told of a client for every twelve reports, as at 1,200,000 a second by default.
    const std::int64_t batches_per_s = 1s / shape.pace;
    config.limits.map_moves_per_s = static_cast<std::uint32_t>(
        batches_per_s * static_cast<std::int64_t>(shape.connections) * shape.depth / 12);
    config.nearby = shape.indexed;
    config.limits.subscriptions = std::max(shape.subscriptions, 1U);
    config.limits.connections = 16 + shape.subscriptions / subscriptions_each;
    config.limits.blocks = 1024;
    return config;
}

class Scene {
public:
    explicit Scene(const Shape& shape) : shape_(shape), config_(herd_of(shape)) {
        kernel_.delay_min_ns = kernel_.delay_max_ns = 0;
        for (const auto& self : config_.servers) {
            kernel_.enter(static_cast<sim::Host>(servers_.size()));
            servers_.push_back(std::make_unique<sim::Process>(config_, self));
            const std::string refusal = servers_.back()->start(config_);
            assert(refusal.empty());
        }
        run_for(100ms);
        for (const auto& server : servers_) {
            assert(server->server.neighbours().reach().live + 1 == shape.servers);
        }
        for (std::uint32_t i = 0; i < shape.subscriptions; i += subscriptions_each) follow(i);
        assert((servers_[0]->server.table().positions() != nullptr) == shape.indexed);
        assert(servers_[0]->server.clients().subscriptions() == shape.subscriptions);
        for (std::size_t i = 0; i < shape.connections; ++i) connections_.push_back(connect());
        while (said_ < clients) report_once();
        for (std::uint32_t i = 0; i < shape.pages; ++i) look_on();
    }

    // Counts what the server at `counted` executes for that many reports, at least.
    std::uint64_t report(std::uint64_t count, sim::Host counted) {
        counted_ = counted;
        const std::uint64_t before = said_;
        while (said_ < before + count) report_once();
        counted_ = visitor;
        for (const auto& server : servers_) assert(server->server.table().size() == clients);
        assert(servers_[0]->server.operations().viewers() == shape_.pages);
        return said_ - before;
    }

private:
    int connect(std::uint16_t port = client_port) {
        kernel_.enter(visitor);
        const int fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(fd, reactor::Address::loopback(port)));
        const auto connected = kernel_.take_error(fd);
        assert(connected.has_value());
        run_for(1ms);
        return fd;
    }
    // On a connection of its own, those from `first` on.
    void follow(std::uint32_t first) {
        const int fd = connect();
        std::string commands;
        for (std::uint32_t i = first; i < first + subscriptions_each; ++i) {
            const std::string north = std::to_string(100 + i / 2 % 300 * 3);
            const std::string east = std::to_string(100 + i / 600 * 5);
            commands += i % 2 == 0 ? "FOLLOW silent-" + std::to_string(i) + "\n"
                                   : "FOLLOW +10." + north + "+20." + east + " 1\n";
        }
        kernel_.enter(visitor);
        const auto sent = kernel_.send(fd, commands);
        assert(sent && *sent == commands.size());
        run_for(1ms);
    }

    void look_on() {
        pages_.push_back(connect(http_port));
        constexpr std::string_view request = "GET /map/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
        kernel_.enter(visitor);
        const auto sent = kernel_.send(pages_.back(), request);
        assert(sent && *sent == request.size());
    }

    // One batch on every connection, in one segment each, and everything that comes of it.
    void report_once() {
        kernel_.enter(visitor);
        for (const int fd : connections_) {
            std::string batch;
            for (std::uint32_t i = 0; i < shape_.depth; ++i) batch += next_report();
            const auto sent = kernel_.send(fd, batch);
            assert(sent && *sent == batch.size());
        }
        run_for(shape_.pace);
        kernel_.enter(visitor);
        for (const int fd : connections_) {
            const auto received = kernel_.receive(fd, buffer_);
            assert(received && *received > std::size_t{80} * shape_.depth);
        }
        for (const int fd : pages_) {
            while (kernel_.receive(fd, buffer_).value_or(0) > 0) {
            }
        }
    }

    std::string_view next_report() {
        ++said_;
        const std::int64_t stamp = kernel_.wall_ns(visitor) + static_cast<std::int64_t>(said_);
        const std::size_t size = fleet_.report(report_, picker_.next(), stamp);
        if (shape_.travels) {
            // Some hundreds of metres to the north, by the latitude's third decimal.
            const std::string_view text(report_.data(), size);
            const std::size_t point = text.find('.', text.find('+'));
            report_[point + 3] = static_cast<char>('0' + said_ / clients * 3 % 10);
        }
        return {report_.data(), size};
    }

    void run_for(reactor::Duration duration) {
        const std::int64_t until = kernel_.now_ns() + duration.count();
        while (kernel_.now_ns() < until) {
            std::int64_t next = until;
            bool turned = false;
            for (sim::Host host = 0; host < servers_.size(); ++host) {
                reactor::Loop& loop = servers_[host]->loop;
                const std::int64_t wakes = loop.wakes_at().time_since_epoch().count();
                next = std::min(next, wakes);
                if (wakes > kernel_.now_ns() && !kernel_.ready(host)) continue;
                turn(host, loop);
                turned = true;
            }
            if (turned) continue;
            if (const auto arrival = kernel_.next_arrival()) next = std::min(next, *arrival);
            kernel_.advance_to(std::max(next, kernel_.now_ns() + 1));
        }
    }

    void turn(sim::Host host, reactor::Loop& loop) {
        kernel_.enter(host);
        if (host == counted_) {
            run_counted(loop);
        } else {
            loop.run_once();
        }
    }

    sim::FakeKernel kernel_{1};
    Shape shape_;
    herd::config::Config config_;
    std::vector<std::unique_ptr<sim::Process>> servers_;
    std::vector<int> connections_;
    std::vector<int> pages_;
    sim::Host counted_ = visitor;
    bench::Fleet fleet_{bench::Protocol::iamat};
    bench::Picker picker_{clients, bench::Picker::Order::scattered};
    std::uint64_t said_ = 0;
    std::array<char, bench::Fleet::command_size_max> report_{};
    std::array<char, std::size_t{64} << 10> buffer_{};
};

struct Case {
    const char* name;
    Shape shape;
    sim::Host counted;  // whose instructions
    std::uint64_t reports = 4096;
};

constexpr Case cases[] = {
    {"pipelined", {1, 4, 64}, 0},
    {"pipelined, to another cell", {1, 4, 64, true}, 0},
    {"pipelined, without an index", {1, 4, 64, false, false}, 0},
    {"pipelined beside 100,000 subscriptions", {1, 4, 64, false, true, 100'000}, 0},
    {"pipelined beside four maps",
     {.servers = 1, .connections = 4, .depth = 64, .pages = 4, .pace = 4ms},
     0,
     std::uint64_t{1} << 17},
    {"pipelined and passed on", {2, 4, 64}, 0},
    {"taken from a neighbour", {2, 4, 64}, 1},
    {"one at a time", {1, 1, 1}, 0},
};

}  // namespace

// Prints how many reports were counted; without a case, the names of all.
int main(int argc, char** argv) {
    for (const Case& each : cases) {
        if (argc < 2) std::puts(each.name);
        if (argc < 2 || std::string_view(argv[1]) != each.name) continue;
        const auto scene = std::make_unique<Scene>(each.shape);
        const std::uint64_t reports = scene->report(each.reports, each.counted);
        std::printf("%llu\n", static_cast<unsigned long long>(reports));
    }
}
