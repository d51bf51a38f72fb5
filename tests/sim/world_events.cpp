// What happens to a simulated herd.
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace sim {

namespace {

constexpr std::int64_t year_2100 = 4'102'444'800;

template <class Values>
void shuffle(Values& values, Random& random) {
    for (std::size_t i = values.size(); i > 1; --i) {
        std::swap(values[i - 1], values[random.below(i)]);
    }
}

}  // namespace

void World::event() {
    switch (scenario_.draw_event(random_)) {
        case Event::report:
            return report();
        case Event::question:
            return question();
        case Event::sync:
            return ask_to_sync();
        case Event::leave: {
            const Host host = some_host();
            say_event("the client at " + name(host) + " hangs up");
            return leave(host);
        }
        case Event::intrude:
            return intrude();
        case Event::cut:
            return cut_link();
        case Event::mute: {
            const auto& [a, b] = some_link();
            say_event("from " + name(a) + " nothing gets to " + name(b));
            return random_.chance(50) ? kernel_.mute(a, b) : kernel_.mute(b, a);
        }
        case Event::reset: {
            const auto& link = some_link();
            say_event("reset " + link_name(link));
            return kernel_.reset(link.first, link.second);
        }
        case Event::heal: {
            const auto& link = some_link();
            say_event("heal " + link_name(link));
            return kernel_.heal(link.first, link.second);
        }
        case Event::swizzle:
            return swizzle();
        case Event::stop:
            return stop_server();
        case Event::start: {
            const Host host = some_host();
            if (processes_[host] == nullptr) start_server(host);
            return;
        }
        case Event::jump:
            return jump_clock();
        case Event::disk:
            return trouble_disk();
        case Event::snapshot:
            return take_snapshot();
        case Event::lie:
            return lie();
        case Event::log:
            return trouble_log();
    }
}

// Stamps come from a narrow range, so that many are equal and many are older. Some that are ahead
// are so by about the slack, as clocks differ, and some by as much as can be.
std::string World::draw_stamp() {
    if (scenario_.ahead && random_.chance(15)) {
        const std::int64_t second = kernel_.wall_ns(visitor_host) / 1'000'000'000;
        const std::string texts[] = {std::to_string(second + random_.between(40, 80)),
                                     std::to_string(second + 1000),
                                     std::to_string(year_2100 + random_.between(0, 1)),
                                     far_stamp};
        return texts[random_.below(std::size(texts))];
    }
    if (scenario_.present_stamps) {
        const std::int64_t second = kernel_.wall_ns(visitor_host) / 1'000'000'000;
        const std::int64_t ahead = 2 * scenario_.config.max_future_ms / 1000 + 1;
        return std::to_string(second + random_.between(-3, ahead));
    }
    stamp_ += random_.between(0, 1);
    std::string stamp = std::to_string(stamp_ - random_.between(0, 3));
    if (random_.chance(10)) stamp += random_.chance(50) ? ".5" : ".50";
    return stamp;
}

void World::report() {
    const Host host = some_host();
    const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
    const auto north = random_.below(10);
    const std::string location = place(north, random_.below(10));
    const std::string stamp = draw_stamp();
    send_report(host, client, {location, stamp});
    // The same report, or another of the same time, at another server before the flood is there.
    if (!random_.chance(10)) return;
    const Host other = some_host();
    send_report(other, client, {random_.chance(50) ? location : "-1-1", stamp});
}

void World::say_report(Host host, std::uint32_t client, const Report& said) {
    reports_[client].push_back(said);
    say(host, line_of(client, said));
}

// By a connection, or where there is a port for them as a datagram: lost, doubled, or there.
void World::send_report(Host host, std::uint32_t client, const Report& said) {
    const auto& udp = scenario_.config.servers[host].udp;
    if (!udp || !random_.chance(30)) return say_report(host, client, said);
    reports_[client].push_back(said);
    const std::string line = line_of(client, said);
    say_event("at " + name(host) + " by datagram: " + line);
    const auto from = reactor::Address::loopback(static_cast<std::uint16_t>(random_.below(9)));
    for (std::uint64_t copies = random_.below(3); copies > 0; --copies) {
        kernel_.send_datagram(from, udp->port, line);
    }
}

std::string World::line_of(std::uint32_t client, const Report& said) const {
    return "IAMAT " + name_of(client, scenario_.long_names) + " " + said.first + " " + said.second;
}

void World::question() {
    const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
    say(some_host(), "WHATSAT " + name_of(client, scenario_.long_names) + " 10 1");
}

void World::ask_to_sync() {
    const Host host = some_host();
    say(host, "SYNC");
    if (visitors_[host].asked.empty() || processes_[host] == nullptr) return;
    visitors_[host].asked.back().had = lines(host);
    visitors_[host].asked.back().epochs = epochs();
    // Until 3 s of silence a link may be with the run before, which had said that it has it all.
    for (Host other = 0; other < processes_.size(); ++other) {
        const bool fresh = kernel_.now_ns() - seen_[other].restarted_ns < 4000 * ms;
        if (fresh && other != host) visitors_[host].asked.back().epochs[other] = 0;
    }
}

// Of what they say nothing may be stored (S9): no client has said it, so S2 finds it.
void World::intrude() {
    const Host host = some_host();
    const std::string line = "AT " + name(some_host()) + " +0.000000001 c0 +89-179 9999999999\n";
    const std::string texts[] = {line,
                                 "HELLO 1 nobody 1 0 0\n" + line,
                                 "HELLO 1 " + name(some_host()),
                                 "SEQ 99\n" + line,
                                 std::string("\xff\0\n", 3) + line,
                                 ""};
    if (random_.chance(20)) return say(host, line.substr(0, line.size() - 1));
    const auto& http = scenario_.config.servers[host].http;
    if (http && random_.chance(60)) return ask_over_http(host, *http);
    Intruder intruder{.fd = -1, .unsent = texts[random_.below(std::size(texts))]};
    say_event("a stranger comes to " + name(host));
    kernel_.enter(visitor_host);
    intruder.fd = *kernel_.open_socket();
    static_cast<void>(kernel_.connect(intruder.fd, configs_[host].servers[host].listens_at()));
    intruders_.push_back(std::move(intruder));
}

// Requests, some of them halves, or behind one another.
void World::ask_over_http(Host host, const reactor::Address& address) {
    const std::string texts[] = {"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
                                 "GET /readyz HTTP/1.0\r\n\r\n",
                                 "HEAD /status HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                 "POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab",
                                 "GET /healthz HTTP/1.1\r\nHo",
                                 "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz",
                                 "IAMAT c0 +1-1 5\n"};
    Intruder intruder{.fd = -1, .unsent = texts[random_.below(std::size(texts))], .http = true};
    if (random_.chance(30)) intruder.unsent += texts[random_.below(std::size(texts))];
    say_event("a stranger asks " + name(host) + " over HTTP");
    kernel_.enter(visitor_host);
    intruder.fd = *kernel_.open_socket();
    static_cast<void>(kernel_.connect(intruder.fd, address));
    intruders_.push_back(std::move(intruder));
}

void World::cut_link() {
    const auto& link = some_link();
    const bool reset = random_.chance(60);
    say_event("cut " + link_name(link) + (reset ? " with resets" : " silently"));
    kernel_.cut(link.first, link.second, reset);
}

// FoundationDB's swizzle-clog.
void World::swizzle() {
    std::vector<std::pair<Host, Host>> links;
    for (const auto& link : scenario_.links) {
        if (random_.chance(60)) links.push_back(link);
    }
    shuffle(links, random_);
    say_event("swizzle " + std::to_string(links.size()) + " links");
    for (const auto& [a, b] : links) {
        kernel_.cut(a, b, random_.chance(20));
        report();
        run_for(random_.between(0, 500 * ms));
    }
    shuffle(links, random_);
    for (const auto& [a, b] : links) {
        kernel_.heal(a, b);
        report();
        run_for(random_.between(0, 500 * ms));
    }
}

// A process that dies says so to nobody, but its kernel does, and keeps what was written; a host
// that loses power says nothing, and keeps what was synced, perhaps torn.
void World::stop_server() {
    const Host host = some_host();
    if (processes_[host] == nullptr) return;
    const bool power = random_.chance(30);
    say_event((power ? "power fails at " : "kill ") + name(host));
    if (power) kernel_.vanish(host);
    if (taken_[host]) visitors_[host].doubtful = true;
    if (processes_[host]->server.counters().journal_failures > 0) {
        trusted_[host] = false;
        visitors_[host].doubtful = true;
    }
    kill(host);
    if (power || !journaled(host)) leave(host);
    power ? lose_power(host) : restart_terms(host);
    if (!scenario_.journal) forget_promises(host);
    if (random_.chance(40)) start_server(host);
}

// Only a process syncs: what it had not had the time for waits for the next one.
void World::restart_terms(Host host) {
    const std::int64_t kept_until = synced_until(host);
    for (auto& promises : promises_[host]) {
        for (Promise& made : promises) {
            if (made.time_ns > kept_until) made.time_ns = never;
        }
    }
}

void World::lose_power(Host host) {
    kernel_.disk_of(host).lose_power(random_.below(2) * random_.below(200), random_.below(4));
    if (!trusted_[host]) return forget_promises(host);
    const std::int64_t kept_until = synced_until(host);
    for (auto& promises : promises_[host]) {
        std::erase_if(promises, [&](const Promise& made) { return made.time_ns > kept_until; });
    }
}

void World::forget_promises(Host host) {
    for (auto& promises : promises_[host]) promises.clear();
    trusted_[host] = true;
}

void World::start_server(Host host) {
    const bool journal_there = kernel_.disk_of(host).has(journal(host));
    if (journal_there && random_.chance(15)) {
        const bool stale = !snapshots_[host].empty();
        say_event(name(host) + (stale ? " has a stale journal" : " has lost its journal"));
        leave(host);
        forget_promises(host);
        for (const auto& path : kernel_.disk_of(host).paths("")) {
            static_cast<void>(kernel_.disk_of(host).remove(path));
        }
        if (stale) kernel_.disk_of(host).put(journal(host), snapshots_[host]);
    }
    if (scenario_.reconfigures && random_.chance(50)) reconfigure(host);
    if (scenario_.named && settings_random_.chance(50)) move(host);
    say_event("start " + name(host));
    if (!start(host)) return;
    seen_[host].restarted_ns = kernel_.now_ns();
    if (scenario_.journal && !journaled(host)) return;
    loading_[host] = true;
    check_loaded(host);
    // Others may tell it what it has not read yet.
    if (loading_[host] && kernel_.disk_of(host).is_well() && random_.chance(50)) {
        await_journal(host);
    }
}

void World::jump_clock() {
    const Host host = some_host();
    const std::int64_t skew = random_.between(-60'000, 60'000) * ms;
    say_event("the clock of " + name(host) + " is off by " + std::to_string(skew / ms) + " ms");
    kernel_.set_clock_skew(host, skew);
}

// It hangs for a while, or for good, or fails.
void World::trouble_log() {
    const Host host = some_host();
    FakeLog& log = kernel_.log_of(host);
    const bool was_well = log.is_well();
    log.recover();
    if (!was_well) return say_event("the log of " + name(host) + " is well again");
    constexpr std::array errors{EIO, ENOSPC, EPIPE};
    const auto kind = random_.below(3);
    if (kind == 0) log.write_ns = random_.between(1, 10'000) * ms;
    if (kind == 1) log.write_ns = FakeLog::never;
    if (kind == 2) {
        log.error = errors[random_.below(errors.size())];
        log.write_max = random_.below(200);
    }
    say_event("the log of " + name(host) + (kind == 2 ? " fails" : " hangs"));
}

void World::take_snapshot() {
    const Host host = some_host();
    snapshots_[host] = kernel_.disk_of(host).content(journal(host));
}

}  // namespace sim
