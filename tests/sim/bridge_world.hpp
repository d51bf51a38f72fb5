#pragma once

#include "herd/table/location_table.hpp"
#include "tests/sim/bridge_scenario.hpp"
#include "tests/sim/broker_host.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/random.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim {

// Several herds on a fake kernel, each with a bridge or two, and the broker with the bucket that
// these share, driven by one seed: what its BridgeScenario has drawn.
//
// Everything that must hold is checked on the way; the first breach ends the run with a reason. S1,
// S2, S8, B1 and B2 are those of World; N1 to N4 hold in the end, of all herds and of the bucket.
class BridgeWorld {
public:
    explicit BridgeWorld(std::uint64_t seed);
    ~BridgeWorld();
    BridgeWorld(const BridgeWorld&) = delete;
    BridgeWorld& operator=(const BridgeWorld&) = delete;

    // Empty when all went well; otherwise what did not.
    std::string run();
    // Before run(): a line per event on standard output, and what the servers log; with `wire`
    // every line between them.
    void trace(bool wire);
    // Before run(): a rule that is not the bridge's.
    void give_ids() { gives_ids_ = broker_.faults.gives_ids = true; }

private:
    // What has been seen of the present run of a server.
    struct Seen {
        std::uint64_t seq = 0;           // of its feed, when it was checked
        std::vector<std::string> lines;  // by client
    };
    // A client's connection to one server.
    struct Visitor {
        int fd = -1;
        std::string unsent = {};
    };
    using Report = std::pair<std::string, std::string>;  // location, time
    using Lines = std::map<std::string, std::string>;    // by client

    // bridge_world.cpp: the run.
    void start(Host host);
    void kill(Host host, bool power);
    void run_for(std::int64_t duration_ns);
    bool step(std::int64_t until_ns);
    bool turn(Host host, Process& process);
    void check_server(Host host);
    void check_record(Host host, const herd::table::Record& record);
    void check_memory();
    void exchange(Host host);
    void leave(Host host);
    void fail(std::string_view check, const std::string& reason);
    void say_event(const std::string& what) const;

    // bridge_events.cpp: what happens.
    void event();
    void report();
    void say_report(Host host, std::uint32_t client, const Report& said);
    std::string draw_stamp();
    void write_foreign();
    void let_lie(std::uint32_t client);
    void stop_server();
    void kill_broker();
    void start_broker();
    void trouble_bucket(BridgeEvent event);
    void change_mood();
    const std::pair<Host, Host>& some_path() { return paths_[random_.below(paths_.size())]; }
    Host some_server();

    // bridge_end.cpp: what holds in the end.
    void heal();
    bool needs_time() const;
    void converge();
    void settle(std::int64_t time_ns);
    std::string difference() const;
    std::string difference(const Lines& wanted, const Lines& there, const std::string& where) const;
    Lines lines(Host host) const;
    Lines bucket() const;
    Lines newest() const;
    void check_nothing_lost(const Lines& before);
    void check_silence();
    std::uint64_t publishers(Host host) const;
    void check_crossing();

    const herd::table::LocationTable& table(Host host) const {
        return processes_[host]->server.table();
    }
    std::string name(Host host) const;
    std::string subject(std::uint32_t client) const;

    static constexpr Host broker_host = 900;
    static constexpr Host visitor_host = 1000;

    Random random_;
    BridgeScenario scenario_;
    std::vector<herd::config::Config> configs_;  // of each host
    FakeKernel kernel_;
    BrokerHost broker_;
    std::vector<std::unique_ptr<Process>> processes_;  // Null while down.
    std::vector<Seen> seen_;
    std::vector<Visitor> visitors_;
    std::vector<std::vector<Report>> reports_;  // All that clients have ever said.
    std::vector<std::pair<Host, Host>> paths_;  // that may be cut
    std::int64_t stamp_ = 1000;
    bool gives_ids_ = false;
    bool lied_ = false;     // The broker has not been another run since.
    bool damaged_ = false;  // So is the bucket: nobody has been told what it lacks.
    bool traced_ = false;
    std::string failure_;
};

}  // namespace sim
