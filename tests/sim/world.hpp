#pragma once

#include "herd/config.hpp"
#include "herd/server.hpp"
#include "reactor/loop.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/random.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sim {

// One server of a simulated herd: everything that dies with its process.
struct Process {
    Process(const herd::Config& config, const herd::ServerConfig& self);

    void on_stopped() { stopped = true; }

    reactor::Loop loop;
    FakePlaces places;
    herd::Server server;
    bool stopped = false;
};

// A client's connection to one server: what it has said, and what it has been answered.
struct Visitor {
    int fd = -1;
    std::string unsent;
    std::string received;
    std::deque<std::string> asked;  // Commands without an answer yet.
};

// A whole herd on a fake kernel, driven by one seed: servers on a random graph, clients that
// report, links that are cut and healed, servers that are killed and started anew.
//
// Everything that must hold is checked on the way; the first breach ends the run with a reason.
class World {
public:
    struct Plan {
        std::uint32_t servers_max = 7;
        std::uint32_t clients_max = 8;
        std::uint32_t events_min = 40;
        std::uint32_t events_max = 240;
        bool faults = true;
    };

    World(std::uint64_t seed, const Plan& plan);
    ~World();

    // Empty when all went well; otherwise what did not.
    std::string run();

    // A line per event on standard output: for a person who replays a seed.
    bool trace = false;

private:
    using Report = std::pair<std::string, std::string>;  // location, time
    struct Seen {
        std::uint64_t epoch = 0;
        std::map<std::string, std::string> lines;  // By client.
    };

    void draw_graph();
    void draw_faults();
    void event();
    void start(Host host);
    void kill(Host host);
    void say(Host host, const std::string& line);
    void report();
    void question();
    void cut_some_link();
    void heal_some_link();
    void restart_some_server();
    void heal_everything();
    void run_for(std::int64_t duration_ns);
    bool step(std::int64_t until_ns);
    void settle_visitors();
    void exchange(Host host, Visitor& visitor);
    void read_answers(Host host, Visitor& visitor);
    void check_answer(Host host, const std::string& command, const std::string& answer);
    void check_tables();
    void check_table(Host host);
    void check_equal();
    void check_nothing_lost(const std::vector<std::string>& newest_at_heal);
    std::vector<std::string> newest() const;
    void fail(const std::string& reason);
    void say_event(const std::string& what) const;
    const herd::LocationTable& table(Host host) const { return processes_[host]->server.table(); }

    FakeKernel kernel_;
    Random random_;
    Plan plan_;
    herd::Config config_;
    std::uint32_t clients_ = 1;
    std::vector<std::pair<Host, Host>> links_;
    std::vector<std::unique_ptr<Process>> processes_;  // Null while down.
    std::vector<Visitor> visitors_;
    std::vector<Seen> seen_;
    std::map<std::string, std::vector<Report>> reports_;  // All that clients have ever said.
    std::int64_t stamp_ = 1000;
    std::string failure_;
};

}  // namespace sim
