#include "tests/sim/world.hpp"

#include "tests/sim/said.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>

namespace sim {

World::World(std::uint64_t seed, bool liar_wanted)
    : random_(seed ^ 0x5eed),
      near_random_(seed ^ 0xbea5),
      settings_random_(seed ^ 0x5e77),
      scenario_(random_, liar_wanted),
      kernel_(seed) {
    const std::size_t servers = scenario_.servers();
    kernel_.spared = visitor_host;
    kernel_.faults = scenario_.faults;
    kernel_.buffer_size = scenario_.path.buffer_size;
    kernel_.delay_min_ns = scenario_.path.delay_min_ns;
    kernel_.delay_max_ns = scenario_.path.delay_max_ns;
    for (const auto& [a, b] : scenario_.slow_links) kernel_.set_path(a, b, scenario_.slow);
    if (scenario_.journal) scenario_.config.journal.folder = "journals";
    configs_.assign(servers, scenario_.config);
    if (scenario_.named) name_servers();
    processes_.resize(servers);
    visitors_.resize(servers);
    seen_.resize(servers);
    snapshots_.resize(servers);
    hung_.assign(servers, false);
    taken_.assign(servers, false);
    loading_.assign(servers, false);
    trusted_.assign(servers, true);
    covered_.assign(servers, std::vector<Covered>(servers));
    reports_.resize(scenario_.clients);
    if (scenario_.liar) start_liar(seed);
    start_followers(seed);
    promises_.assign(servers, std::vector<std::vector<Promise>>(scenario_.clients));
}

World::~World() {
    for (Host host = 0; host < processes_.size(); ++host) kill(host);
}

void World::trace(Trace wanted) {
    traced_ = kernel_.shows_logs = wanted != Trace::off;
    for (auto& config : configs_) config.log.wire = wanted == Trace::wire;
}

std::string World::run() {
    start_all();
    for (std::int64_t i = 0; i < scenario_.events && failure_.empty(); ++i) {
        event();
        if (scenario_.reloads && settings_random_.chance(10)) reload();
        if (scenario_.named && settings_random_.chance(5)) trouble_names();
        if (scenario_.near && near_random_.chance(30)) ask_who_is_near();
        run_for(random_.chance(70) ? random_.between(0, 2 * ms) : random_.between(0, 300 * ms));
        check_coverage();
        check_memory();
        check_figures();
        check_logs();
    }
    if (failure_.empty()) converge();
    return failure_;
}

void World::start_all() {
    for (Host host = 0; host < processes_.size(); ++host) {
        // When a report expires is for each clock to say, so with a ttl they should not differ
        // much.
        const std::int64_t off = scenario_.config.ttl_s > 0 ? 500 : 20'000;
        kernel_.set_clock_skew(host, random_.between(-off, off) * ms);
        kernel_.set_path(host, visitor_host, scenario_.visitor_path);
        kernel_.give_disk(host);
        kernel_.disk_of(host).sync_ns = scenario_.sync_ns;
        kernel_.disk_of(host).faults.punch = scenario_.holes ? 0 : EOPNOTSUPP;
        start(host);
    }
}

// What a start needs to be made at all does not fail: sockets to listen on.
bool World::start(Host host) {
    assert(processes_[host] == nullptr);
    if (scenario_.migrates) configs_[host].keys = random_.chance(50) ? "keys" : "";
    kernel_.enter(host);
    auto process = std::make_unique<Process>(configs_[host], configs_[host].servers[host]);
    const unsigned sockets = std::exchange(kernel_.faults.socket_fails, 0);
    const std::string refusal = process->start(configs_[host]);
    kernel_.faults.socket_fails = sockets;
    if (!refusal.empty()) {
        say_event(name(host) + " does not start: " + refusal);
        return false;
    }
    seen_[host] = {.epoch = process->server.epoch(), .lines = {}};
    seen_[host].lines.resize(scenario_.clients);
    processes_[host] = std::move(process);
    loading_[host] = false;
    taken_[host] = false;
    check_server(host);
    return true;
}

void World::kill(Host host) {
    kernel_.enter(host);
    processes_[host] = nullptr;
    kernel_.disk_of(host).process_died(random_.below(4));
    kernel_.log_of(host).process_died();
    assert(kernel_.open_descriptors(host) == 0);
}

void World::run_for(std::int64_t duration_ns) {
    const std::int64_t until = kernel_.now_ns() + duration_ns;
    while (failure_.empty() && step(until)) {
    }
    settle_visitors();
    if (followers_) followers_->act();
}

// In a third of the runs. They have chances of their own: the others are what they were without.
void World::start_followers(std::uint64_t seed) {
    Random random(seed ^ 0xf0110);
    if (!random.chance(33)) return;
    std::vector<reactor::Address> servers;
    for (std::size_t i = 0; i < scenario_.servers(); ++i) {
        servers.push_back(scenario_.config.servers[i].clients);
    }
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < scenario_.clients; ++i) {
        names.push_back(name_of(i, scenario_.long_names));
    }
    followers_.emplace(
        kernel_,
        random.bits(),
        std::move(servers),
        std::move(names),
        [this](Random& chance) {
            const auto north = chance.below(10);
            return place(north, chance.below(10));
        },
        [this](std::string_view check, const std::string& reason) { fail(check, reason); });
}

// Lets one server that has something to do run once, or moves time on; false when it is `until_ns`.
bool World::step(std::int64_t until_ns) {
    const auto offset = random_.below(processes_.size());
    std::int64_t next = until_ns;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        const auto host = static_cast<Host>((i + offset) % processes_.size());
        Process* process = processes_[host].get();
        if (process == nullptr) continue;
        if (turn(host, *process)) return true;
        next = std::min(next, process->wakes_ns);
    }
    if (liar_ && liar_->turn()) return true;
    check_idle();
    if (const auto arrival = kernel_.next_arrival()) next = std::min(next, *arrival);
    kernel_.advance_to(next);
    return next < until_ns;
}

bool World::turn(Host host, Process& process) {
    const Process::Turn turn = process.turn(kernel_, host);
    if (turn == Process::Turn::none) return false;
    if (turn == Process::Turn::allocated) fail("S8", name(host) + " allocates");
    check_server(host);
    if (loading_[host]) check_loaded(host);
    return true;
}

void World::fail(std::string_view check, const std::string& reason) {
    if (!failure_.empty()) return;
    failure_ = std::string(check) + ": " + reason;
    say_event("FAILED " + failure_);
}

void World::say_event(const std::string& what) const {
    if (!traced_) return;
    std::printf("%12.3f ms  %s\n", static_cast<double>(kernel_.now_ns()) / ms, what.c_str());
}

std::string World::link_name(const std::pair<Host, Host>& link) const {
    return name(link.first) + "-" + name(link.second);
}

}  // namespace sim
