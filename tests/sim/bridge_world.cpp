#include "tests/sim/bridge_world.hpp"

#include "tests/sim/bucket_subject.hpp"
#include "tests/sim/said.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>

namespace sim {

BridgeWorld::BridgeWorld(std::uint64_t seed)
    : random_(seed ^ 0xb21d6e),
      scenario_(random_),
      kernel_(seed),
      broker_(kernel_, broker_host, BridgeScenario::broker_port, seed) {
    kernel_.spared = visitor_host;
    kernel_.faults = scenario_.faults;
    kernel_.buffer_size = scenario_.path.buffer_size;
    kernel_.delay_min_ns = scenario_.path.delay_min_ns;
    kernel_.delay_max_ns = scenario_.path.delay_max_ns;
    broker_.faults = scenario_.broker;
    for (Host host = 0; host < scenario_.servers(); ++host) {
        configs_.push_back(scenario_.config_of(host));
    }
    processes_.resize(scenario_.servers());
    seen_.resize(scenario_.servers());
    visitors_.resize(scenario_.servers());
    reports_.resize(scenario_.clients);
    paths_ = scenario_.links;
    for (const Host bridge : scenario_.bridges) paths_.emplace_back(bridge, broker_host);
}

BridgeWorld::~BridgeWorld() {
    for (Host host = 0; host < processes_.size(); ++host) kill(host, false);
}

void BridgeWorld::trace(bool wire) {
    traced_ = kernel_.shows_logs = true;
    for (auto& config : configs_) config.log.wire = wire;
}

std::string BridgeWorld::name(Host host) const {
    return host == broker_host ? "the broker" : scenario_.config.servers[host].name;
}

std::string BridgeWorld::subject(std::uint32_t client) const {
    return bucket_subject("x", odd_name_of(client));
}

std::string BridgeWorld::run() {
    if (scenario_.premade) broker_.create(scenario_.bucket);
    if (random_.chance(80)) broker_.start();
    for (Host host = 0; host < processes_.size(); ++host) {
        kernel_.set_clock_skew(host, random_.between(-20'000, 20'000) * ms);
        kernel_.set_path(host, visitor_host, {std::size_t{64} << 10, 20'000, 500'000});
        start(host);
    }
    for (std::int64_t i = 0; i < scenario_.events && failure_.empty(); ++i) {
        event();
        run_for(random_.chance(60) ? random_.between(0, 5 * ms) : random_.between(0, 700 * ms));
        check_memory();
    }
    if (failure_.empty()) converge();
    return failure_;
}

// What a start needs to be made at all does not fail: sockets to listen on.
void BridgeWorld::start(Host host) {
    assert(processes_[host] == nullptr);
    kernel_.enter(host);
    auto process = std::make_unique<Process>(configs_[host], *configs_[host].find(name(host)));
    const unsigned sockets = std::exchange(kernel_.faults.socket_fails, 0);
    const std::string refusal = process->start(configs_[host]);
    kernel_.faults.socket_fails = sockets;
    if (!refusal.empty()) return fail("D2", name(host) + " does not start: " + refusal);
    seen_[host] = {.lines = std::vector<std::string>(scenario_.clients)};
    processes_[host] = std::move(process);
}

void BridgeWorld::kill(Host host, bool power) {
    if (power) kernel_.vanish(host);
    kernel_.enter(host);
    processes_[host] = nullptr;
    kernel_.log_of(host).process_died();
    assert(kernel_.open_descriptors(host) == 0);
}

void BridgeWorld::run_for(std::int64_t duration_ns) {
    const std::int64_t until = kernel_.now_ns() + duration_ns;
    while (failure_.empty() && step(until)) {
    }
    for (Host host = 0; host < visitors_.size(); ++host) {
        if (visitors_[host].fd >= 0) exchange(host);
    }
}

// Lets one host that has something to do run once, or moves time on; false when it is `until_ns`.
bool BridgeWorld::step(std::int64_t until_ns) {
    const std::size_t hosts = processes_.size() + 1;
    const auto offset = random_.below(hosts);
    std::int64_t next = until_ns;
    for (std::size_t i = 0; i < hosts; ++i) {
        const auto host = static_cast<Host>((i + offset) % hosts);
        if (host == processes_.size()) {
            if (broker_.turn()) return true;
            next = std::min(next, broker_.wakes_ns());
            continue;
        }
        Process* const process = processes_[host].get();
        if (process == nullptr) continue;
        if (turn(host, *process)) return true;
        next = std::min(next, process->wakes_ns);
    }
    if (const auto arrival = kernel_.next_arrival()) next = std::min(next, *arrival);
    kernel_.advance_to(std::max(next, kernel_.now_ns()));
    return next < until_ns;
}

bool BridgeWorld::turn(Host host, Process& process) {
    const Process::Turn turn = process.turn(kernel_, host);
    if (turn == Process::Turn::none) return false;
    if (turn == Process::Turn::allocated) fail("S8", name(host) + " allocates");
    check_server(host);
    return true;
}

void BridgeWorld::check_server(Host host) {
    const std::uint64_t seq = table(host).feed().seq();
    if (seq == seen_[host].seq) return;
    for (std::uint32_t slot = 0; slot < table(host).slots(); ++slot) {
        const herd::table::Record& record = table(host).at(slot);
        if (table(host).used(slot) && record.seq > seen_[host].seq) check_record(host, record);
    }
    seen_[host].seq = seq;
}

// S1 (B2 of the bridge's promises): no client goes back, whatever the bucket does.
// S2: nothing is stored that nobody has said.
void BridgeWorld::check_record(Host host, const herd::table::Record& record) {
    const std::string line(table(host).line(record));
    const auto at = parse_at(line);
    const std::uint32_t client = client_of(at.client);
    const bool known = client < scenario_.clients && at.client == odd_name_of(client);
    const Report report{at.location, at.time_text};
    if (!known || std::ranges::find(reports_[client], report) == reports_[client].end()) {
        return fail("S2", name(host) + " has invented " + line);
    }
    std::string& before = seen_[host].lines[client];
    if (!before.empty() && older(version_of(at), version_of(before))) {
        return fail("S1", name(host) + " went back from " + before + " to " + line);
    }
    before = line;
}

// B1, B2: what a server holds is bounded, whatever its broker does.
void BridgeWorld::check_memory() {
    constexpr std::uint64_t blocks_per_connection = 2;
    // Of a broker, a message may be that long.
    constexpr std::uint64_t blocks_of_bridge = 12;
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] == nullptr) continue;
        const herd::Server& server = processes_[host]->server;
        const std::uint64_t connections = kernel_.open_descriptors(host);
        const std::uint64_t most = blocks_per_connection * connections + blocks_of_bridge;
        if (server.wire().blocks().in_use() > most) fail("B1", name(host) + " holds blocks");
        if (connections > herd::descriptors(configs_[host])) {
            fail("B2", name(host) + " holds " + std::to_string(connections) + " descriptors");
        }
    }
}

// Sends what it can, and reads what comes, whatever that is: answers are checked elsewhere.
void BridgeWorld::exchange(Host host) {
    Visitor& visitor = visitors_[host];
    kernel_.enter(visitor_host);
    if (visitor.fd < 0) {
        visitor.fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(visitor.fd, scenario_.config.servers[host].clients));
    }
    bool there = kernel_.take_error(visitor.fd).has_value();
    while (there && !visitor.unsent.empty() && kernel_.peer_address(visitor.fd)) {
        const auto sent = kernel_.send(visitor.fd, visitor.unsent);
        there = sent || sent.error().value == EAGAIN;
        if (!sent) break;
        visitor.unsent.erase(0, *sent);
    }
    while (there) {
        std::array<char, 512> buffer{};
        const auto received = kernel_.receive(visitor.fd, buffer);
        if (!received && received.error().value == EAGAIN) return;
        there = received && *received > 0;
    }
    kernel_.close(visitor.fd);
    visitor = {};
}

// It hangs up when all that it says is sent, so no line is cut.
void BridgeWorld::leave(Host host) {
    if (visitors_[host].fd < 0 || !visitors_[host].unsent.empty()) return;
    kernel_.enter(visitor_host);
    kernel_.close(visitors_[host].fd);
    visitors_[host] = {};
}

void BridgeWorld::fail(std::string_view check, const std::string& reason) {
    if (!failure_.empty()) return;
    failure_ = std::string(check) + ": " + reason;
    say_event("FAILED " + failure_);
}

void BridgeWorld::say_event(const std::string& what) const {
    if (!traced_) return;
    std::printf("%12.3f ms  %s\n", static_cast<double>(kernel_.now_ns()) / ms, what.c_str());
}

}  // namespace sim
