// The disks of a simulated herd, how they fail, and what must be on them.
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace sim {

namespace {

// The longest pause between attempts to keep a journal, and one attempt.
constexpr std::int64_t journal_timeout_ns = 45'000 * ms;
// Before the text of a line of a journal its checksum stands, and a blank.
constexpr std::size_t text_at = 9;
constexpr std::string_view line_ends("\n\0", 2);

}  // namespace

void World::trouble_disk() {
    const Host host = some_host();
    FakeDisk& disk = kernel_.disk_of(host);
    if (random_.chance(20) && processes_[host] != nullptr && disk.has(journal(host))) {
        return take_journal(host);
    }
    const bool was_well = disk.is_well();
    heal_disk(host);
    if (!was_well) return say_event("the disk of " + name(host) + " is well again");
    if (scenario_.hangs && random_.chance(60)) return hang_disk(host);
    constexpr std::array errors{EIO, ENOSPC, EROFS, EACCES};
    const auto error = [&] { return errors[random_.below(errors.size())]; };
    if (random_.chance(30)) disk.faults.open = error();
    if (random_.chance(40)) disk.faults.write = error();
    if (random_.chance(40)) disk.faults.sync = EIO;
    if (random_.chance(20)) disk.faults.rename = error();
    if (random_.chance(20)) disk.space = random_.below(1000);
    if (random_.chance(20)) disk.write_max = 1 + random_.below(40);
    say_event("the disk of " + name(host) + " is in trouble");
}

// In all that helpers do, or in some of it.
void World::hang_disk(Host host) {
    using What = reactor::sys::Errand::What;
    constexpr std::array kinds{What::sync,
                               What::sync_folder,
                               What::punch,
                               What::write,
                               What::close,
                               What::make,
                               What::open_folder,
                               What::rename,
                               What::remove};
    const bool all = random_.chance(50);
    const std::int64_t until = random_.chance(40)
                                   ? FakeDisk::for_good
                                   : kernel_.now_ns() + random_.between(100, 30'000) * ms;
    for (const What kind : kinds) {
        if (all || random_.chance(30)) kernel_.disk_of(host).hang(kind, until);
    }
    // A handshake is a call, too.
    const bool reads = configs_[host].journal.listen_first && scenario_.config.keys.empty();
    if (reads && (all || random_.chance(50))) kernel_.disk_of(host).hang(What::call, until);
    hung_[host] = true;
    say_event("the disk of " + name(host) + " hangs");
}

// What it has promised is in no file that a start would find, until it has noticed.
void World::take_journal(Host host) {
    FakeDisk& disk = kernel_.disk_of(host);
    const std::string path = journal(host);
    const std::string content = disk.content(path);
    heal_disk(host);
    std::string does = "cuts";
    if (random_.chance(30)) {
        disk.overwrite(path, content.substr(0, random_.below(content.size() + 1)));
    } else if (random_.chance(20)) {
        does = "writes to";
        disk.overwrite(path, content + "of somebody else");
    } else {
        does = "removes";
        static_cast<void>(disk.remove(path));
        if (random_.chance(30)) disk.put(path, "of somebody else");
    }
    forget_promises(host);
    taken_[host] = true;
    say_event("somebody " + does + " the journal of " + name(host));
}

void World::heal_disk(Host host) {
    kernel_.disk_of(host).recover();
    kernel_.hurry_mailboxes(host);
}

// What `always` promises is on the disk; what a run before it has promised need not be yet. Returns
// of a run before that are still on their way are not of one without a journal.
void World::reconfigure(Host host) {
    herd::config::Journal& journal = configs_[host].journal;
    journal.folder = random_.chance(30) ? "" : scenario_.config.journal.folder;
    journal.fsync = random_.chance(50) ? herd::config::Fsync::always : herd::config::Fsync::second;
    leave(host);
    say_event(name(host) + (journal.folder.empty() ? " is to keep no journal" : " is configured"));
    for (auto& promises : promises_[host]) {
        std::erase_if(promises, [](const Promise& made) { return made.time_ns == never; });
    }
}

// What was answered a second and a sync ago is on the disk; or all, when answers wait for it. A
// sync, and that before it, may take as long as any wait for a disk does.
std::int64_t World::synced_until(Host host) const {
    if (configs_[host].journal.fsync == herd::config::Fsync::always) return never - 1;
    const std::int64_t hang_ns = hung_[host] ? scenario_.config.limits.journal_ms * ms : 0;
    return kernel_.now_ns() - (1050 * ms + 2 * scenario_.sync_ns + 2 * hang_ns);
}

bool World::journals_are_well() const {
    return std::ranges::all_of(processes_, [](const auto& process) {
        const herd::journal::Journal& journal = process->server.journal();
        return journal.whole() && journal.state() != "failed";
    });
}

// Until all that servers have is on their disks: whatever has failed before, and in whichever run.
void World::settle_journals() {
    // Then it is found missing where it is.
    if (std::ranges::find(taken_, true) != taken_.end()) run_for(2100 * ms);
    const std::int64_t until = kernel_.now_ns() + journal_timeout_ns;
    while (failure_.empty() && !journals_are_well() && kernel_.now_ns() < until) run_for(1000 * ms);
    run_for(1100 * ms + 20 * scenario_.sync_ns);
    if (!journals_are_well()) fail("D3", "a journal does not recover");
}

void World::end_process(Host host, bool power) {
    say_event((power ? "power fails at " : "kill ") + name(host));
    if (power) kernel_.vanish(host);
    kill(host);
    leave(host);
    if (power) kernel_.disk_of(host).lose_power(random_.below(2) * random_.below(200));
}

// Until it has read its journal. Nobody else does anything meanwhile.
void World::await_journal(Host host) {
    while (failure_.empty() && !processes_[host]->server.journal().whole()) {
        if (turn(host, *processes_[host])) continue;
        const auto arrival = kernel_.next_arrival();
        assert(arrival || processes_[host]->wakes_ns > kernel_.now_ns());
        const std::int64_t wakes_ns = processes_[host]->wakes_ns;
        kernel_.advance_to(arrival ? std::min(*arrival, wakes_ns) : wakes_ns);
    }
}

// D1: what a server has promised it has again, once it has read its journal; or keeps beside it,
// where it has listened meanwhile and others have taken the room.
void World::check_loaded(Host host) {
    if (!processes_[host]->server.journal().whole()) return;
    loading_[host] = false;
    const bool listened = configs_[host].journal.listen_first;
    for (auto& promises : promises_[host]) {
        for (Promise& made : promises) {
            if (!listened || !is_kept(host, made.line)) check_promise(host, "D1", made.line);
            made.time_ns = std::min(made.time_ns, kernel_.now_ns());
        }
    }
}

// D3: what a server has, when its disk has been sound for long enough and nobody has reported for
// long enough, is on its disk.
void World::lose_all_power() {
    settle_journals();
    for (Host host = 0; host < processes_.size() && failure_.empty(); ++host) {
        if (!journaled(host)) continue;
        std::vector<std::string> before = lines(host);
        end_process(host, true);
        if (!start(host)) return fail("D3", name(host) + " does not start");
        await_journal(host);
        // Which may take a while.
        std::erase_if(before,
                      [&](const std::string& line) { return expired(host, parse_at(line)); });
        if (!configs_[host].journal.listen_first) {
            if (lines(host) != before) fail("D3", name(host) + " has lost what was on its disk");
            continue;
        }
        // Neighbours have told it of others meanwhile, which may have taken the room.
        for (const std::string& line : before) {
            if (!is_kept(host, line)) check_promise(host, "D3", line);
        }
    }
}

void World::shrink_tables() {
    for (Host host = 0; host < processes_.size() && failure_.empty(); ++host) {
        if (!journaled(host) || !random_.chance(60)) continue;
        // Each anew: what the others went through has changed what this one has.
        settle_journals();
        shrink(host);
    }
}

// D4: what a server had on its disk it has again, when it was started with smaller bounds, once or
// several times, and then with the old ones: but what has expired by the least ttl that it had.
void World::shrink(Host host) {
    const std::vector<std::string> before = lines(host);
    const herd::config::Config config = configs_[host];
    std::int64_t ttl_s = config.ttl_s;
    for (auto runs = random_.between(1, 3); runs > 0 && failure_.empty(); --runs) {
        end_process(host, random_.chance(40));
        configs_[host] = config;
        live_shrunken(host);
        if (const std::int64_t less = configs_[host].ttl_s; less > 0) {
            ttl_s = ttl_s == 0 ? less : std::min(ttl_s, less);
        }
    }
    if (!failure_.empty()) return;
    end_process(host, random_.chance(40));
    heal_disk(host);
    configs_[host] = config;
    if (!start(host)) return fail("D4", name(host) + " does not start");
    await_journal(host);
    for (const std::string& line : before) {
        const std::int64_t made_ns = effective_ns(parse_at(line));
        if (ttl_s > 0 && kernel_.wall_ns(host) >= made_ns + ttl_s * 1'000'000'000) continue;
        if (is_kept(host, line)) continue;
        check_promise(host, "D4", line);
    }
}

// While others have the room for it: that line, or a newer one of its client.
bool World::is_kept(Host host, const std::string& line) const {
    if (processes_[host]->server.counters().journal_refused == 0) return false;
    const FakeDisk& disk = kernel_.disk_of(host);
    const auto wanted = parse_at(line);
    const auto has = [&](const std::string& path) {
        const std::string content = disk.content(path);
        const std::string client = " " + std::string(wanted.client) + " ";
        for (std::size_t at = content.find(client); at != std::string::npos;
             at = content.find(client, at + 1)) {
            // Behind another line, or a hole.
            const std::size_t begin = content.find_last_of(line_ends, at) + 1 + text_at;
            const std::string kept = content.substr(begin, content.find('\n', at) - begin);
            if (!protocol::parse_peer_message(kept)) continue;  // It is torn.
            if (!older_report(version_of(kept), version_of(line))) return true;
        }
        return false;
    };
    return std::ranges::any_of(disk.paths(journal(host)), has);
}

// For long enough to write a journal anew, or not.
void World::live_shrunken(Host host) {
    herd::config::Config& config = configs_[host];
    if (random_.chance(60)) {
        config.limits.clients = static_cast<std::uint32_t>(random_.between(1, scenario_.clients));
    }
    if (random_.chance(30)) config.limits.long_records = 0;
    if (random_.chance(20)) config.max_future_ms = 1;
    if (random_.chance(10)) config.ttl_s = random_.between(1, 20);
    if (random_.chance(20)) config.journal.folder.clear();
    if (random_.chance(50)) config.journal.fsync = herd::config::Fsync::always;
    say_event("start " + name(host) + " with room for " + std::to_string(config.limits.clients));
    if (!start(host)) return fail("D4", name(host) + " does not start");
    if (random_.chance(20)) hang_disk(host);
    run_for(random_.chance(50) ? random_.between(0, 100 * ms) : random_.between(0, 3000 * ms));
}

}  // namespace sim
