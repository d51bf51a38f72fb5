#pragma once

#include "herd/config/config.hpp"
#include "tests/sim/broker_host.hpp"
#include "tests/sim/fake_bucket.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/random.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace sim {

// What happens in a run with a bucket.
enum class BridgeEvent : std::uint8_t {
    report,        // a client says where it is, at any server of any herd
    foreign,       // somebody else writes to the bucket
    cut,           // between two servers, or a bridge and the broker
    mute,          // one direction of that
    reset,         // the connections there
    heal,          // some of it
    stop,          // a server or a bridge is killed, or its host is gone without a word
    start,         // it comes back, empty
    kill_broker,   // what is in memory is gone, what is on disk may be damaged
    start_broker,  // it comes back, as another run
    stall,         // it stands still for a while
    mood,          // it refuses all, or ceases to
    hang_up,       // it closes a connection
    remove,        // the bucket is deleted, and perhaps made anew
    purge,         // some or all of what is in it is removed, and nobody is told
    lose,          // one message
    lie,           // it says what is not so
};
inline constexpr std::size_t bridge_event_kinds = 17;

// What one seed has drawn of herds that share a bucket: which faults there are, and how strong each
// is. As of Scenario, each seed has its own set of them.
struct BridgeScenario {
    explicit BridgeScenario(Random& random);

    static constexpr std::uint16_t broker_port = 4222;

    BridgeEvent draw_event(Random& random) const;
    unsigned& weight(BridgeEvent event) { return weights[static_cast<std::size_t>(event)]; }
    bool has(BridgeEvent event) const { return weights[static_cast<std::size_t>(event)] > 0; }
    Host servers() const { return static_cast<Host>(config.servers.size()); }
    bool takes_clients(Host host) const { return config.servers[host].takes_clients(); }
    // What one of them is told: its own herd, and no other.
    herd::config::Config config_of(Host host) const;

    herd::config::Config config;               // with the servers of all herds
    std::vector<std::size_t> herd_of;          // by host; herds that have a link are one
    std::vector<std::pair<Host, Host>> links;  // between servers
    std::vector<Host> bridges;
    std::uint32_t clients = 1;
    std::int64_t events = 0;
    std::array<unsigned, bridge_event_kinds> weights{};
    FakeKernel::Faults faults;
    FakeKernel::Path path;
    BrokerHost::Faults broker;
    FakeBucket::Terms bucket;  // of one that is there before, or made anew by somebody else
    bool premade = false;
    unsigned goes_back = 0;     // percent of the subjects, when a broker with a disk is killed
    bool loses_latest = false;  // Such a broker may lack its latest messages.
    // What nobody can know at once is waited for in the end: a bridge reads all every ten minutes.
    // Otherwise the broker is started anew.
    bool patient = false;

private:
    Host add(const std::string& name, std::size_t herd);
    void link(Host a, Host b);
    void draw_herds(Random& random);
    void draw_limits(Random& random);
    void draw_weights(Random& random);
    void draw_broker(Random& random);
    void draw_network(Random& random);
    void draw_healing(Random random);
};

}  // namespace sim
