#include "herd/program/restart.hpp"

#include "herd/config/text.hpp"
#include "herd/program/ask_status.hpp"
#include "herd/program/machine.hpp"
#include "herd/program/next_start.hpp"
#include "herd/program/processes.hpp"
#include "herd/program/status_facts.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <thread>

namespace herd::program {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Reading a journal of millions of clients takes seconds, and `herd up` waits for up to ten.
constexpr std::chrono::seconds patience{120};
constexpr milliseconds ask_interval{100};
constexpr std::chrono::seconds reserve{5};  // beyond what a server waits for its neighbours
// What is on its way is not told of at once.
constexpr std::chrono::seconds tell_after{1};

int fail(const std::string& what) {
    std::fprintf(stderr, "herd: %s\n", what.c_str());
    return 2;
}

void say(const std::string& what) {
    std::printf("%s\n", what.c_str());
    std::fflush(stdout);
}

bool end(const config::Server& server, const Keeper& keeper, int pid) {
    if (keeper.kind == Keeper::Kind::up) {
        ask_to_stop(pid);
        return true;
    }
    const auto code = run_program({"systemctl", "restart", keeper.unit});
    if (code && *code == 0) return true;
    const std::string why =
        code ? "exit code " + std::to_string(*code) : std::string(describe(code.error()));
    fail(server.name + ": systemctl restart " + keeper.unit + ": " + why);
    return false;
}

void fail_by_hand(const config::Server& server, int pid) {
    fail(server.name + ": process " + std::to_string(pid) +
         " was started by hand: nobody would start it again");
}

struct Kept {
    const config::Server* server;
    int pid;
    Keeper keeper;
};

// False: somebody has to restart some of these himself, and was told which.
bool have_keepers(const std::vector<Kept>& all) {
    std::string others;
    bool fine = true;
    for (const auto& [server, pid, keeper] : all) {
        if (keeper.kind == Keeper::Kind::none) {
            fail_by_hand(*server, pid);
            fine = false;
        } else if (keeper.kind != Keeper::Kind::elsewhere) {
            others += " " + server->name;
        }
    }
    if (fine) return true;
    if (!others.empty()) others = "; `herd restart" + others + "` does the others";
    fail(
        "no server was restarted: end and start these by hand, one after the other, each when all "
        "others are ready" +
        others);
    return false;
}

// False: some would not start again as they are to, and it was told why.
bool would_start(const std::vector<Kept>& all) {
    std::vector<std::string> told;  // One file may hinder them all.
    for (const auto& [server, pid, keeper] : all) {
        if (keeper.kind == Keeper::Kind::elsewhere) continue;
        for (const std::string& fault : faults_of_next_start(server->name, keeper)) {
            if (std::ranges::find(told, fault) != told.end()) continue;
            fail(fault);
            told.push_back(fault);
        }
    }
    if (told.empty()) return true;
    fail("no server was restarted: it would not be what it is now; `herd check` says more");
    return false;
}

class Restarting {
public:
    explicit Restarting(const config::Config& config) : config_(config) {}

    Outcome<> open() { return open_dialler(dialler_, config_); }
    // False: some are at others' addresses, and it was told which.
    bool know_places();
    // False: not all of the herd becomes ready in time.
    bool await_all();
    // Those that answer.
    std::vector<Kept> look_at(const std::vector<const config::Server*>& servers);
    // False: it does not come back, or not as it should.
    bool restart(const config::Server& server);

private:
    std::optional<StatusFacts> ask(const config::Server& server) {
        return facts_of(ask_status(config_, dialler_, {&server}).front());
    }
    // Empty: all of the herd is ready.
    std::string missing();
    // How it is when it is ready again; nothing: it is not, in time.
    std::optional<StatusFacts> await(const config::Server& server, const std::string& before);

    const config::Config& config_;
    tls::Dialler dialler_;
};

bool Restarting::know_places() {
    bool known = true;
    for (const StatusAnswer& answer : ask_status(config_, dialler_, askable(config_))) {
        if (!answer.other) continue;
        fail(answer.trouble);
        known = false;
    }
    if (!known) fail("no server was restarted: with this configuration, that would be another");
    return known;
}

std::string Restarting::missing() {
    const auto servers = askable(config_);
    const auto answers = ask_status(config_, dialler_, servers);
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto facts = facts_of(answers[i]);
        if (facts && facts->ready) continue;
        const std::string why = answers[i].json.empty() ? answers[i].trouble
                                : facts                 ? "it is not ready yet"
                                                        : "it does not say how it is from here";
        return servers[i]->name + ": " + why;
    }
    return "";
}

// Servers that have just been started are ready after limits.ready_ms, whoever is away.
bool Restarting::await_all() {
    const auto begun = Clock::now();
    const auto until = begun + milliseconds(config_.limits.ready_ms) + reserve;
    std::string told;
    while (true) {
        const std::string why = missing();
        if (why.empty()) return true;
        if (Clock::now() >= until) {
            fail(why + ": one more would be away");
            return false;
        }
        if (Clock::now() >= begun + tell_after && why != told) {
            std::fprintf(stderr, "herd: waiting for %s\n", why.c_str());
            told = why;
        }
        std::this_thread::sleep_for(ask_interval);
    }
}

std::optional<StatusFacts> Restarting::await(const config::Server& server,
                                             const std::string& before) {
    const auto until = Clock::now() + patience;
    while (Clock::now() < until) {
        auto facts = ask(server);
        if (facts && facts->epoch != before && facts->ready) return facts;
        std::this_thread::sleep_for(ask_interval);
    }
    return std::nullopt;
}

std::vector<Kept> Restarting::look_at(const std::vector<const config::Server*>& servers) {
    const auto answers = ask_status(config_, dialler_, servers);
    std::vector<Kept> all;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto facts = facts_of(answers[i]);
        if (!facts) continue;  // It will be waited for.
        all.push_back({servers[i], facts->pid, keeper_of(facts->pid, servers[i]->name)});
    }
    return all;
}

bool Restarting::restart(const config::Server& server) {
    const auto before = ask(server);
    if (!before) return fail(server.name + ": it does not answer any more") == 0;
    const Keeper keeper = keeper_of(before->pid, server.name);
    if (keeper.kind == Keeper::Kind::elsewhere) {
        say(server.name + ": is on another machine: herd restart does it there");
        return true;
    }
    if (keeper.kind == Keeper::Kind::none) {
        fail_by_hand(server, before->pid);
        return false;
    }
    const auto begun = Clock::now();
    if (!end(server, keeper, before->pid)) return false;
    const auto after = await(server, before->epoch);
    if (!after) {
        fail(server.name + ": is not ready again, so the others stay as they are");
        return false;
    }
    const std::chrono::duration<double> took = Clock::now() - begun;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s", took.count());
    const std::string back = server.name + ": ready again after " + seconds;
    // What it had kept before may be all that is left when the others go the same way.
    if (after->journal_failed) {
        fail(back + ", but its journal has failed: the others stay as they are");
        return false;
    }
    say(back);
    return true;
}

}  // namespace

int restart(const config::Config& config, const std::vector<std::string>& names) {
    std::vector<const config::Server*> servers;
    for (const std::string& name : names) {
        const config::Server* const server = config.find(name);
        if (server == nullptr || server->legacy) {
            return fail("no server " + config::quoted(name) + " of this program's is configured");
        }
        servers.push_back(server);
    }
    if (names.empty()) servers = askable(config);
    Restarting restarting(config);
    if (const auto opened = restarting.open(); !opened) return fail(opened.error());
    if (!restarting.know_places()) return 2;
    if (!restarting.await_all()) return 1;
    // Before any is touched: one that stops it halfway leaves a herd of two versions.
    const auto all = restarting.look_at(servers);
    if (!have_keepers(all) || !would_start(all)) return 2;
    for (const config::Server* const server : servers) {
        if (!restarting.await_all() || !restarting.restart(*server)) return 1;
    }
    return 0;
}

}  // namespace herd::program
