// What must hold in a simulated herd when the faults have ended.
#include "herd/links/neighbour.hpp"
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <set>

namespace sim {

namespace {

// Redials pause for up to 5 s, silence is noticed after 3, a sweep begins after 1.
constexpr std::int64_t healing_ns = 20'000 * ms;
// Three rounds of digests, and a little.
constexpr std::int64_t watch_ns = 35'000 * ms;

}  // namespace

// All servers up, and links enough to connect them: all, or only those of the spanning tree.
void World::heal_everything() {
    const bool tree_only = random_.chance(50);
    say_event(tree_only ? "heal a spanning tree" : "heal everything");
    for (std::size_t i = 0; i < scenario_.links.size(); ++i) {
        const auto& [a, b] = scenario_.links[i];
        if (tree_only && i >= processes_.size() - 1) {
            kernel_.cut(a, b, true);
        } else {
            kernel_.heal(a, b);
            healed_links_.emplace_back(a, b);
        }
    }
    kernel_.faults = {};
    kernel_.names_fail = false;
    end_lies();
    for (Host host = 0; host < processes_.size(); ++host) {
        heal_disk(host);
        if (processes_[host] == nullptr) start_server(host);
        if (processes_[host] == nullptr) return fail("D2", name(host) + " does not start");
    }
}

// Until all have come to rest, or should have. Returns the number of changes at its end.
std::uint64_t World::settle() {
    // Some 500 bytes a second go through a slow path, and a hundred lines with what seals them are
    // 20,000.
    const std::int64_t healing = scenario_.has_slow_path() ? 3 * healing_ns : healing_ns;
    const std::int64_t latest = kernel_.now_ns() + 6 * healing;
    std::int64_t until = kernel_.now_ns() + healing;
    std::uint64_t changes_before = 0;
    do {
        // What clients had said before is taken as fast as disks and paths are. How long an answer
        // may take is another check.
        if (clients_wait()) until = std::min(kernel_.now_ns() + healing, latest);
        changes_before = changes();
        for (int i = 0; i < 10; ++i) {
            if (liar_) lie();
            run_for(50 * ms);
        }
    } while (failure_.empty() && kernel_.now_ns() < until &&
             (!at_rest(changes_before) || clients_linger() || journals_load()));
    return changes_before;
}

// L1: within a bounded time all servers are equal, and stay so.
// L3: then nothing changes any more: all traffic about it has ended.
void World::converge() {
    heal_everything();
    if (!failure_.empty()) return;
    const std::vector<std::string> before = newest();
    const std::uint64_t changes_before = settle();
    if (const std::string found = difference(); !found.empty()) return fail("L1", found);
    if (!at_rest(changes_before)) return fail("L3", "changes do not end");
    run_for(scenario_.watch ? watch_ns : 500 * ms);
    if (const std::string found = difference(); !found.empty()) return fail("L1", found);
    if (!refused() && !at_rest(changes_before)) fail("L3", "changes without reports");
    check_coverage();
    check_followers();
    check_nothing_lost(before);
    check_digests();
    check_logs();
    if (scenario_.ahead_end) check_free();
    if (scenario_.watch) check_rest();
    if (scenario_.overload) return overload();
    if (scenario_.shrink_end) return shrink_tables();
    if (scenario_.power_end) lose_all_power();
}

// F2: when nothing changes any more, and all followers read, each knows what its server has.
void World::check_followers() {
    if (!followers_) return;
    followers_->begin_to_end();
    // However slow their paths are: until nothing has come for two seconds.
    for (int quiet = 0, i = 0; quiet < 40 && i < 2'000; ++quiet, ++i) {
        if (followers_->read_all()) quiet = 0;
        run_for(50 * ms);
    }
    for (Host host = 0; host < processes_.size() && failure_.empty(); ++host) {
        followers_->check(host, table(host), [&](std::string_view line) {
            return expired(host, parse_at(line));
        });
    }
}

// Nobody waits for an answer, all are equal, and nothing has changed since.
bool World::at_rest(std::uint64_t changes_before) const {
    if (clients_wait() || changes() != changes_before) return false;
    // Where servers may differ it does not show that all has been said.
    return refused() || scenario_.config.ttl_s > 0 ? all_told() : difference().empty();
}

bool World::clients_wait() const {
    const auto waits = [](const Visitor& visitor) { return !visitor.asked.empty(); };
    return std::ranges::any_of(visitors_, waits);
}

// Whether a server that listens has more to read of its journal: these are changes, too.
bool World::journals_load() const {
    return std::ranges::any_of(
        processes_, [](const auto& process) { return !process->server.journal().whole(); });
}

// Whether a server has connections of clients that are gone: what they said last it may not have
// read yet, as it waits for its disk.
bool World::clients_linger() const {
    for (Host host = 0; host < processes_.size(); ++host) {
        std::size_t here = visitors_[host].fd >= 0 ? 1 : 0;
        if (followers_ && followers_->connected(host)) ++here;
        if (processes_[host]->server.clients().size() > here) return true;
    }
    return false;
}

// Everybody has processed all that its neighbours have to say.
bool World::all_told() const {
    const auto told = [&](Host from, Host to) {
        const herd::table::rules::Position position = received(from, to);
        return position.epoch == seen_[from].epoch && position.seq == table(from).feed().seq();
    };
    return std::ranges::all_of(healed_links_, [&](const auto& link) {
        return told(link.first, link.second) && told(link.second, link.first);
    });
}

// Whether any server had no room for something: then servers may differ.
bool World::refused() const {
    return std::ranges::any_of(processes_, [](const auto& process) {
        const herd::watch::Counters& counters = process->server.counters();
        return counters.table_full + counters.long_records_full > 0;
    });
}

std::uint64_t World::changes() const {
    std::uint64_t sum = 0;
    for (Host host = 0; host < processes_.size(); ++host) sum += table(host).feed().seq();
    return sum;
}

// Whether the two must agree about this client: they need not when one had no room for what the
// other has, nor when it has expired by the clock of one.
bool World::comparable(Host a, Host b, const herd::table::Record& record) const {
    for (const Host host : {a, b}) {
        if (expired(host, parse_at(table(a).line(record)))) return false;
        const herd::watch::Counters& counters = processes_[host]->server.counters();
        if (counters.table_full > 0 && table(host).find(table(a).client(record)) == nullptr) {
            return false;
        }
        if (counters.long_records_full > 0) return false;
    }
    return true;
}

std::string World::difference() const {
    for (const auto& [a, b] : healed_links_) {
        if (std::string found = difference(a, b); !found.empty()) return found;
        if (std::string found = difference(b, a); !found.empty()) return found;
    }
    return {};
}

// Neighbours have the same; that all servers do follows, where all have room.
std::string World::difference(Host a, Host b) const {
    const herd::table::LocationTable& here = table(a);
    const herd::table::LocationTable& there = table(b);
    for (std::uint32_t slot = 0; slot < here.slots(); ++slot) {
        if (!here.used(slot)) continue;
        const herd::table::Record& record = here.at(slot);
        const herd::table::Record* other = there.find(here.client(record));
        const std::string_view other_line = other == nullptr ? "nothing" : there.line(*other);
        if (here.line(record) == other_line || !comparable(a, b, record)) continue;
        return "unequal: " + name(a) + " has " + std::string(here.line(record)) + ", " + name(b) +
               " has " + std::string(other_line);
    }
    return {};
}

// By client, the newest that any live server has.
std::vector<std::string> World::newest() const {
    std::vector<std::string> lines(scenario_.clients);
    for (Host host = 0; host < processes_.size(); ++host) {
        for (std::uint32_t slot = 0; slot < table(host).slots(); ++slot) {
            if (!table(host).used(slot)) continue;
            const herd::table::Record& record = table(host).at(slot);
            std::string& line = lines[client_of(table(host).client(record))];
            if (line.empty() || older(version_of(line), version_of(table(host), record))) {
                line = table(host).line(record);
            }
        }
    }
    return lines;
}

// By some clock.
bool World::expired(const std::string& line) const {
    bool any = false;
    for (Host host = 0; host < processes_.size(); ++host) {
        any = any || expired(host, parse_at(line));
    }
    return any;
}

// L2: what some live server had when the faults ended, all have in the end, or something newer.
void World::check_nothing_lost(const std::vector<std::string>& before) {
    const std::vector<std::string> now = newest();
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i].empty() || expired(before[i])) continue;
        if (now[i].empty() || older(version_of(now[i]), version_of(before[i]))) {
            fail("L2", "lost: " + before[i]);
        }
    }
}

// L7: a client that anybody has pushed ahead, as far as stamps go, is free again: a report of the
// true time, made later than that by the slack and by what clocks may differ, is what all have.
void World::check_free() {
    constexpr std::int64_t wait_ns = slack_ns + 122'000 * ms;
    const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
    say_report(some_host(), client, {"+9-9", far_stamp});
    settle();
    run_for(wait_ns);
    const std::int64_t second = kernel_.wall_ns(visitor_host) / 1'000'000'000;
    const std::string stamp = std::to_string(second);
    say_report(some_host(), client, {"+1-1", stamp});
    settle();
    const std::string client_name = name_of(client, scenario_.long_names);
    const std::string said = "AT S +0 " + client_name + " +1-1 " + stamp;
    if (!failure_.empty() || refused() || expired(said)) return;
    for (Host host = 0; host < processes_.size(); ++host) {
        const herd::table::Record* record = table(host).find(client_name);
        const std::string line(record == nullptr ? "nothing" : table(host).line(*record));
        if (line.ends_with(" +1-1 " + stamp)) continue;
        fail("L7", name(host) + " has " + line + " and not the report of " + stamp);
    }
}

// L6: at rest the digests are equal just when the tables are, and nobody has raised a false alarm.
void World::check_digests() {
    if (refused()) return;
    std::uint64_t divergent = 0;
    for (const auto& process : processes_)
        divergent += process->server.counters().buckets_divergent;
    for (Host host = 1; host < processes_.size(); ++host) {
        // Room is made of what has expired when there is time for it.
        if (scenario_.config.ttl_s > 0) break;
        if (table(host).digest().root() == table(0).digest().root()) continue;
        fail("L6", "the tables are equal and their digests are not");
    }
    // The liar's digests differ as it likes.
    if (divergent > 0 && !liar_) fail("L6", "a false alarm: a bucket was found divergent");
}

// B3: at rest a server holds what it holds after its start: no block, and the descriptors of its
// listeners, its links and its clients.
void World::check_rest() {
    for (Host host = 0; host < processes_.size(); ++host) leave(host);
    if (followers_) followers_->leave();
    followers_.reset();
    kernel_.enter(1000);
    for (const Intruder& intruder : intruders_) kernel_.close(intruder.fd);
    intruders_.clear();
    if (liar_) liar_->leave();
    run_for(5000 * ms);
    for (Host host = 0; host < processes_.size(); ++host) {
        const herd::Server& server = processes_[host]->server;
        server.table().check(true);
        const auto linked =
            static_cast<std::size_t>(std::ranges::count_if(healed_links_, [&](const auto& link) {
                return link.first == host || link.second == host;
            }));
        if (server.clients().size() > 0) fail("B3", name(host) + " holds clients who have gone");
        if (server.neighbours().reach().live != linked)
            fail("L1", name(host) + " does not link up");
        // On a slow link the digest is always on its way.
        const std::size_t busy = scenario_.is_slow() ? 2 * linked : 0;
        if (server.wire().blocks().in_use() > busy) fail("B3", name(host) + " holds blocks");
        // Each link and session; links that are cut may be dialling. Two to four ports, poll,
        // alarm, log and its helper; who looks names up; of a journal its file, three helpers, the
        // folder, and the next file.
        const herd::config::Server& self = scenario_.config.servers[host];
        const std::size_t most = 2 * self.neighbours.size() + 6 + (self.has_http() ? 1 : 0) +
                                 (self.udp ? 1 : 0) + (scenario_.named ? 1 : 0) +
                                 (scenario_.journal ? 6 : 0);
        if (kernel_.open_descriptors(host) > most) fail("B3", name(host) + " leaks descriptors");
    }
}

// L4: on a link that can carry a part of what is reported only, no client's position is older than
// a few revolutions. Some report all the time; the others, one after the other, more than the link
// carries: in the order of change the busy ones would always be behind all others.
void World::overload() {
    say_event("overload");
    constexpr std::uint32_t busy = 2;
    constexpr std::uint32_t turns = 200;
    constexpr std::uint32_t late_turns = 130;
    constexpr std::int64_t turn_ns = 80 * ms;
    std::vector<std::string> late;
    for (std::uint32_t turn = 0; turn < turns && failure_.empty(); ++turn) {
        if (turn == turns - late_turns) late = newest();
        const std::string stamp = std::to_string(++stamp_ + 10);
        say_report(0, busy + turn % (scenario_.clients - busy), {"+1-1", stamp});
        for (std::uint32_t client = 0; client < busy; ++client) {
            say_report(0, client, {"+1-1", stamp});
        }
        run_for(turn_ns);
    }
    for (const std::string& line : late) {
        if (line.empty() || !failure_.empty()) continue;
        const auto at = parse_at(line);
        const herd::table::Record* record = table(1).find(at.client);
        if (record == nullptr || older(version_of(table(1), *record), version_of(at))) {
            return fail("L4", "S1 has not heard for long of " + line);
        }
    }
}

// All that it has and that counts, sorted.
std::vector<std::string> World::lines(Host host) const {
    std::vector<std::string> all;
    for (std::uint32_t slot = 0; slot < table(host).slots(); ++slot) {
        if (!table(host).used(slot)) continue;
        const std::string_view line = table(host).line(table(host).at(slot));
        if (!expired(host, parse_at(line))) all.emplace_back(line);
    }
    std::ranges::sort(all);
    return all;
}

}  // namespace sim
