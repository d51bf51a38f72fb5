#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace sim {

namespace {

constexpr Host visitor_host = 1000;  // All clients live there.
constexpr std::int64_t ms = 1'000'000;
// Redials pause for up to 5 s, silence is noticed after 3, a sweep begins after 1.
constexpr std::int64_t healing_ns = 20'000 * ms;

}  // namespace

Process::Process(const herd::Config& config, const herd::ServerConfig& self)
    : places(loop),
      server(
          loop, places, config, self, reactor::Delegate<void()>::to<&Process::on_stopped>(*this)) {
    reactor::Loop::Limits limits = herd::Server::loop_limits(config);
    limits.timers += 64;
    const auto opened = loop.open(limits);
    assert(opened.has_value());
    const auto listening = server.open();
    assert(listening.has_value());
    server.start();
}

World::World(std::uint64_t seed, const Plan& plan)
    : kernel_(seed), random_(seed ^ 0x5eed), plan_(plan) {
    draw_graph();
    if (plan_.faults) draw_faults();
    for (Host host = 0; host < config_.servers.size(); ++host) {
        kernel_.set_clock_skew(host, random_.between(-20'000, 20'000) * ms);
        start(host);
    }
}

World::~World() {
    for (Host host = 0; host < processes_.size(); ++host) kill(host);
}

void World::draw_graph() {
    const auto servers = static_cast<Host>(random_.between(2, plan_.servers_max));
    clients_ = static_cast<std::uint32_t>(random_.between(1, plan_.clients_max));
    for (Host host = 0; host < servers; ++host) {
        const auto port = static_cast<std::uint16_t>(1000 + host);
        config_.servers.push_back(
            {std::string("S") + std::to_string(host),
             reactor::Address::loopback(port),
             reactor::Address::loopback(static_cast<std::uint16_t>(port + 100)),
             {}});
    }
    // A tree, so that all are connected, and then a few links more.
    for (Host host = 1; host < servers; ++host) {
        links_.emplace_back(static_cast<Host>(random_.below(host)), host);
    }
    for (Host a = 0; a < servers; ++a) {
        for (Host b = a + 1; b < servers; ++b) {
            const bool there =
                std::find(links_.begin(), links_.end(), std::pair(a, b)) != links_.end();
            if (!there && random_.chance(25)) links_.emplace_back(a, b);
        }
    }
    for (const auto& [a, b] : links_) {
        config_.servers[a].neighbours.push_back(config_.servers[b].name);
        config_.servers[b].neighbours.push_back(config_.servers[a].name);
    }
    config_.limits.clients = 16;
    config_.limits.long_records = 2;
    config_.limits.connections = 8;
    config_.limits.peer_connections = 32;
    config_.limits.line_max = 256;
    config_.limits.blocks = 64;
    config_.limits.places_body_max = 4096;
    config_.limits.records_per_turn = static_cast<std::uint32_t>(random_.between(1, 4));
    processes_.resize(servers);
    visitors_.resize(servers);
    seen_.resize(servers);
}

// Each seed has its own set of faults: runs where everything fails at once find less.
void World::draw_faults() {
    if (random_.chance(50)) kernel_.faults.short_receive = 30;
    if (random_.chance(50)) kernel_.faults.short_send = 30;
    if (random_.chance(20)) kernel_.faults.accept_fails = 20;
    if (random_.chance(20)) kernel_.faults.connect_fails = 30;
    if (random_.chance(30))
        kernel_.buffer_size = static_cast<std::size_t>(random_.between(64, 512));
    if (random_.chance(30)) kernel_.delay_max_ns = 50 * ms;
    // Links so slow that followers fall behind, sweep, and are cut in the middle of it.
    if (random_.chance(15)) {
        kernel_.buffer_size = 64;
        kernel_.delay_min_ns = 50 * ms;
        kernel_.delay_max_ns = 200 * ms;
        clients_ = 16;
    }
}

void World::start(Host host) {
    assert(processes_[host] == nullptr);
    kernel_.enter(host);
    processes_[host] = std::make_unique<Process>(config_, config_.servers[host]);
    seen_[host] = {.epoch = processes_[host]->server.epoch(), .lines = {}};
}

void World::kill(Host host) {
    kernel_.enter(host);
    processes_[host] = nullptr;
    assert(kernel_.open_descriptors(host) == 0);
}

std::string World::run() {
    const std::int64_t events = random_.between(plan_.events_min, plan_.events_max);
    for (std::int64_t i = 0; i < events && failure_.empty(); ++i) {
        event();
        run_for(random_.chance(70) ? random_.between(0, 2 * ms) : random_.between(0, 400 * ms));
        check_tables();
    }
    if (!failure_.empty()) return failure_;
    heal_everything();
    const std::vector<std::string> newest_at_heal = newest();
    run_for(healing_ns);
    check_tables();
    check_equal();
    check_nothing_lost(newest_at_heal);
    return failure_;
}

void World::event() {
    const auto dice = random_.below(100);
    if (dice < 78) {
        report();
    } else if (dice < 82) {
        question();
    } else if (dice < 89) {
        cut_some_link();
    } else if (dice < 95) {
        heal_some_link();
    } else {
        restart_some_server();
    }
}

// Stamps come from a narrow range, so that many are equal and many are older.
void World::report() {
    const auto host = static_cast<Host>(random_.below(processes_.size()));
    const std::string client = "c" + std::to_string(random_.below(clients_));
    stamp_ += random_.between(0, 1);
    const std::string time = std::to_string(stamp_ - random_.between(0, 3));
    const std::string location =
        "+" + std::to_string(random_.below(10)) + "-" + std::to_string(random_.below(10));
    reports_[client].emplace_back(location, time);
    say(host, "IAMAT " + client + " " + location + " " + time);
    // The same report, or another of the same time, at another server before the flood is there.
    if (random_.chance(10)) {
        const auto other = static_cast<Host>(random_.below(processes_.size()));
        const std::string elsewhere = random_.chance(50) ? location : "-1-1";
        reports_[client].emplace_back(elsewhere, time);
        say(other, "IAMAT " + client + " " + elsewhere + " " + time);
    }
}

void World::question() {
    const auto host = static_cast<Host>(random_.below(processes_.size()));
    say(host, "WHATSAT c" + std::to_string(random_.below(clients_)) + " 10 1");
}

void World::say(Host host, const std::string& line) {
    say_event("at " + config_.servers[host].name + ": " + line);
    Visitor& visitor = visitors_[host];
    visitor.asked.push_back(line);
    visitor.unsent += line + "\n";
    exchange(host, visitor);
}

void World::cut_some_link() {
    const auto& [a, b] = links_[random_.below(links_.size())];
    const bool reset = random_.chance(60);
    say_event("cut " + config_.servers[a].name + "-" + config_.servers[b].name +
              (reset ? " with resets" : " silently"));
    kernel_.cut(a, b, reset);
}

void World::heal_some_link() {
    const auto& [a, b] = links_[random_.below(links_.size())];
    say_event("heal " + config_.servers[a].name + "-" + config_.servers[b].name);
    kernel_.heal(a, b);
}

void World::restart_some_server() {
    const auto host = static_cast<Host>(random_.below(processes_.size()));
    const bool up = processes_[host] != nullptr;
    say_event((up ? "kill " : "start ") + config_.servers[host].name);
    if (up) {
        kill(host);
        if (random_.chance(60)) return;
    }
    start(host);
}

// All servers up, and links enough to connect them: all, or only those of the spanning tree.
void World::heal_everything() {
    const bool tree_only = random_.chance(50);
    say_event(tree_only ? "heal a spanning tree" : "heal everything");
    for (std::size_t i = 0; i < links_.size(); ++i) {
        const auto& [a, b] = links_[i];
        if (tree_only && i >= processes_.size() - 1) {
            kernel_.cut(a, b, true);
        } else {
            kernel_.heal(a, b);
        }
    }
    kernel_.faults = {};
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] == nullptr) start(host);
    }
}

void World::run_for(std::int64_t duration_ns) {
    const std::int64_t until = kernel_.now_ns() + duration_ns;
    while (failure_.empty() && step(until)) {
    }
    settle_visitors();
}

// Lets one server that has something to do run once, or moves time on; false when it is `until_ns`.
bool World::step(std::int64_t until_ns) {
    const auto offset = random_.below(processes_.size());
    std::int64_t next = until_ns;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        const auto host = static_cast<Host>((i + offset) % processes_.size());
        Process* process = processes_[host].get();
        if (process == nullptr) continue;
        const std::int64_t wakes = process->loop.wakes_at().time_since_epoch().count();
        if (wakes <= kernel_.now_ns() || (kernel_.stirred(host) && kernel_.ready(host))) {
            kernel_.enter(host);
            process->loop.run_once();
            return true;
        }
        next = std::min(next, wakes);
    }
    if (const auto arrival = kernel_.next_arrival()) next = std::min(next, *arrival);
    kernel_.advance_to(next);
    return next < until_ns;
}

void World::settle_visitors() {
    for (Host host = 0; host < visitors_.size(); ++host) {
        if (visitors_[host].fd >= 0) exchange(host, visitors_[host]);
    }
}

// Sends and receives what it can. A visitor whose connection has failed forgets what it asked.
void World::exchange(Host host, Visitor& visitor) {
    kernel_.enter(visitor_host);
    const auto give_up = [&] {
        kernel_.close(visitor.fd);
        visitor = {};
    };
    if (visitor.fd < 0) {
        visitor.fd = *kernel_.open_socket();
        static_cast<void>(kernel_.connect(visitor.fd, config_.servers[host].clients));
    }
    const auto error = kernel_.take_error(visitor.fd);
    if (!error) return give_up();
    while (!visitor.unsent.empty() && kernel_.peer_address(visitor.fd)) {
        const auto sent = kernel_.send(visitor.fd, visitor.unsent);
        if (!sent && sent.error().value == EAGAIN) break;
        if (!sent) return give_up();
        visitor.unsent.erase(0, *sent);
    }
    while (true) {
        char room[512];
        const auto received = kernel_.receive(visitor.fd, room);
        if (!received && received.error().value == EAGAIN) break;
        if (!received || *received == 0) return give_up();
        visitor.received.append(room, *received);
        read_answers(host, visitor);
    }
}

void World::read_answers(Host host, Visitor& visitor) {
    while (!visitor.asked.empty()) {
        const bool places =
            visitor.asked.front().starts_with("WHATSAT") && !visitor.received.starts_with("?");
        const std::string_view stop = places ? "\n\n" : "\n";
        const std::size_t end = visitor.received.find(stop);
        if (end == std::string::npos) return;
        check_answer(host, visitor.asked.front(), visitor.received.substr(0, end));
        visitor.received.erase(0, end + stop.size());
        visitor.asked.pop_front();
    }
    if (!visitor.received.empty()) fail("an answer to nothing: " + visitor.received);
}

void World::fail(const std::string& reason) {
    if (failure_.empty()) failure_ = reason;
}

void World::say_event(const std::string& what) const {
    if (trace)
        std::printf("%10.3f ms  %s\n", static_cast<double>(kernel_.now_ns()) / ms, what.c_str());
}

}  // namespace sim
