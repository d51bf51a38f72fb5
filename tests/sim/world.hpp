#pragma once

#include "herd/config/config.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/record.hpp"
#include "herd/table/rules.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/followers.hpp"
#include "tests/sim/lying_host.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/scenario.hpp"
#include "tests/sim/units.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim {

// Where all clients are.
inline constexpr Host visitor_host = 1000;

// A client's connection to one server: what it has said, and what it has been answered.
struct Visitor {
    // A command without an answer yet.
    struct Asked {
        std::string line;
        std::int64_t time_ns;  // of its server's wall clock, when it was said
        // Of a SYNC or NEARBY: what the server had then, and the runs of all, 0: down.
        std::vector<std::string> had = {};
        std::vector<std::uint64_t> epochs = {};
    };

    int fd = -1;
    std::string unsent;
    std::string received;
    std::deque<Asked> asked;
    std::int64_t first_ns = 0;  // Since then the first of these is.
    bool heard = false;         // It was answered something before.
    bool doubtful = false;      // Answers may be of a run whose journal had failed.
};

// Somebody who connects to the servers' port without being a neighbour, or asks over HTTP.
struct Intruder {
    int fd = -1;
    std::string unsent;
    bool http = false;
    std::string heard = {};  // how it begins
};

// A whole herd on a fake kernel, driven by one seed: servers on a random graph, clients that
// report, and what the seed's Scenario has drawn of faults.
//
// Everything that must hold is checked on the way; the first breach ends the run with a reason. The
// checks have names: A1 to A5 are of answers, S1 to S9 hold at any time, D1 to D4 are of disks, B1
// to B4 are of what it uses, G1 of its log, L1 to L7 hold in the end.
class World {
public:
    explicit World(std::uint64_t seed, bool liar_wanted = false);
    ~World();

    // Empty when all went well; otherwise what did not.
    std::string run();

    enum class Trace : std::uint8_t {
        off,
        events,  // a line per event on standard output, and what the servers log
        wire,    // and every line between them
    };
    // Before run().
    void trace(Trace wanted);

private:
    // What has been seen of the present run of a server.
    struct Seen {
        std::uint64_t epoch = 0;
        std::int64_t restarted_ns = -10'000'000'000;
        std::uint64_t seq = 0;  // Of its feed, when it was checked.
        std::uint64_t repaired = 0;
        std::vector<std::string> lines;  // By client.
    };
    // Answered, so kept by the server whatever happens to its process.
    struct Promise {
        std::int64_t time_ns;
        std::string line;
    };
    // Up to here of a neighbour's feed everything was found to be there.
    struct Covered {
        std::uint64_t sender = 0, receiver = 0;  // epochs
        std::uint64_t seq = 0;
    };
    using Report = std::pair<std::string, std::string>;  // location, time

    // world.cpp: the run.
    void start_all();
    bool start(Host host);
    void kill(Host host);
    void run_for(std::int64_t duration_ns);
    bool step(std::int64_t until_ns);
    bool turn(Host host, Process& process);
    void fail(std::string_view check, const std::string& reason);
    void say_event(const std::string& what) const;
    std::string link_name(const std::pair<Host, Host>& link) const;

    // world_events.cpp: what happens.
    void event();
    void report();
    void say_report(Host host, std::uint32_t client, const Report& said);
    void send_report(Host host, std::uint32_t client, const Report& said);
    std::string line_of(std::uint32_t client, const Report& said) const;
    std::string draw_stamp();
    void question();
    void ask_to_sync();
    void intrude();
    void ask_over_http(Host host, const reactor::Address& address);
    void cut_link();
    void swizzle();
    void stop_server();
    void lose_power(Host host);
    void restart_terms(Host host);
    void forget_promises(Host host);
    void start_server(Host host);
    void jump_clock();
    void take_snapshot();
    void trouble_log();
    const std::pair<Host, Host>& some_link() {
        return scenario_.links[random_.below(scenario_.links.size())];
    }
    Host some_host() { return static_cast<Host>(random_.below(processes_.size())); }

    // world_liar.cpp: the neighbour that lies.
    void start_liar(std::uint64_t seed);
    void lie();
    std::string invent();
    void end_lies();
    void check_figures();
    // world_near.cpp: who is near whom.
    std::string place(std::uint64_t north, std::uint64_t east) const;
    void ask_who_is_near();
    void check_near(Host host, const Visitor::Asked& asked, const std::string& answer);
    void check_nobody_near(Host host, const Visitor::Asked& asked);
    // world_disks.cpp: disks, and what is kept on them.
    void trouble_disk();
    void hang_disk(Host host);
    void take_journal(Host host);
    void heal_disk(Host host);
    bool journaled(Host host) const { return !configs_[host].journal.folder.empty(); }
    void reconfigure(Host host);
    std::int64_t synced_until(Host host) const;
    bool journals_are_well() const;
    void settle_journals();
    void lose_all_power();
    void shrink_tables();
    void shrink(Host host);
    void live_shrunken(Host host);
    void end_process(Host host, bool power);
    void await_journal(Host host);
    void check_loaded(Host host);
    bool is_kept(Host host, const std::string& line) const;

    // world_settings.cpp: what changes while a herd runs.
    void reload();
    void name_servers();
    void move(Host host);
    void trouble_names();

    void start_followers(std::uint64_t seed);
    void check_followers();

    // world_visitors.cpp: clients.
    void say(Host host, const std::string& line);
    void settle_visitors();
    void hear_http(Intruder& intruder);
    void exchange(Host host, Visitor& visitor);
    bool send_unsent(int fd, std::string& unsent);
    void read_answers(Host host, Visitor& visitor);
    void leave(Host host);
    void check_answer(Host host, const Visitor::Asked& asked, const std::string& answer);
    void check_refusal(Host host, const Visitor::Asked& asked);
    void check_synced(Host host, const Visitor::Asked& asked, const std::string& answer);
    bool lacks(Host neighbour, Host host, const Visitor::Asked& asked) const;
    bool liar_lacks(Host host, const Visitor::Asked& asked) const;
    void check_deadlines(Host host);
    void promise(Host host, const std::string& line);

    // world_checks.cpp: what holds at any time.
    void check_server(Host host);
    void check_feed(Host host);
    void check_record(Host host, const herd::table::Record& record);
    void check_coverage();
    void check_coverage(Host from, Host to, Covered& covered);
    herd::table::rules::Position received(Host from, Host to) const;
    void check_covered(Host from, Host to, const herd::table::Record& record);
    bool expired(Host host, const protocol::AtLine& at) const;
    void check_idle();
    void check_memory();
    void check_logs();
    void check_promise(Host host, std::string_view check, const std::string& line);

    // world_end.cpp: what holds in the end.
    void heal_everything();
    std::uint64_t settle();
    void converge();
    bool at_rest(std::uint64_t changes_before) const;
    bool clients_wait() const;
    bool clients_linger() const;
    bool journals_load() const;
    bool all_told() const;
    bool refused() const;
    std::string difference() const;
    std::string difference(Host a, Host b) const;
    bool comparable(Host a, Host b, const herd::table::Record& record) const;
    std::vector<std::string> newest() const;
    bool expired(const std::string& line) const;
    void check_free();
    void check_nothing_lost(const std::vector<std::string>& before);
    void check_rest();
    void check_digests();
    void overload();
    std::vector<std::string> lines(Host host) const;
    std::vector<std::uint64_t> epochs() const;
    std::uint64_t changes() const;

    const herd::table::LocationTable& table(Host host) const {
        return processes_[host]->server.table();
    }
    const std::string& name(Host host) const { return scenario_.config.servers[host].name; }
    std::string journal(Host host) const { return "journals/" + name(host) + ".journal"; }

    Random random_;
    Random near_random_;  // Of its own: what else a seed has drawn stays.
    Random settings_random_;
    Scenario scenario_;
    std::vector<herd::config::Config> configs_;  // Of each host: changed while it is down.
    FakeKernel kernel_;
    std::vector<std::unique_ptr<Process>> processes_;  // Null while down.
    std::optional<LyingHost> liar_;
    std::optional<Followers> followers_;
    std::vector<Visitor> visitors_;
    std::vector<Intruder> intruders_;
    std::vector<Seen> seen_;
    std::vector<std::vector<std::vector<Promise>>> promises_;  // By host and client.
    std::vector<bool> hung_;                                   // Its disk has hung, ever.
    std::vector<bool> loading_;                                // It still reads its journal.
    std::vector<bool> trusted_;  // No run of its journal has failed since the promises began.
    std::vector<bool> taken_;    // Somebody has taken the journal's file from the process there.
    std::vector<std::string> snapshots_;               // Of journals, by host.
    std::vector<std::vector<Covered>> covered_;        // By sender and receiver.
    std::vector<std::vector<Report>> reports_;         // All that clients have ever said.
    std::vector<std::pair<Host, Host>> healed_links_;  // Those there are in the end.
    std::int64_t stamp_ = 1000;
    bool traced_ = false;
    std::string failure_;
};

}  // namespace sim
