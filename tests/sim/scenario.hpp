#pragma once

#include "herd/config/config.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/random.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace sim {

// What happens in a simulated run.
enum class Event : std::uint8_t {
    report,    // a client says where it is
    question,  // WHATSAT
    sync,      // SYNC
    leave,     // a client hangs up, whatever it is owed
    intrude,   // a stranger says what only neighbours may, on the servers' port
    cut,       // a link: its connections are reset, or nothing gets through any more
    mute,      // one direction of a link
    reset,     // a link's connections are reset, and may be made anew
    heal,      // a link
    swizzle,   // some links are cut one after the other, and healed in another order
    stop,      // a server's process dies, or its host loses power
    start,     // it comes back: as it was, empty, or with a journal of an earlier time
    jump,      // a host's wall clock is set
    disk,      // a host's disk begins or ceases to fail
    snapshot,  // a host's journal is copied, for a later start
    lie,       // the neighbour that lies does something
    log,       // what takes a host's log begins or ceases to hang or to fail
};
inline constexpr std::size_t event_kinds = 17;

// What one seed has drawn: the herd, which faults there are, and how strong each is. Each seed has
// its own set of faults: runs where everything fails at once find less.
struct Scenario {
    explicit Scenario(Random& random, bool liar_wanted = false);

    Event draw_event(Random& random) const;
    unsigned& weight(Event event) { return weights[static_cast<std::size_t>(event)]; }
    bool has(Event event) const { return weights[static_cast<std::size_t>(event)] > 0; }

    // Those that are servers; beyond them may be one that lies.
    std::size_t servers() const { return config.servers.size() - (liar ? 1 : 0); }
    // Some path, or each, is `slow`.
    bool has_slow_path() const {
        return !slow_links.empty() || path.buffer_size == slow.buffer_size;
    }
    bool is_slow() const { return !slow_links.empty() || path.buffer_size < 1000; }

    herd::config::Config config;  // without journals' folders: each host has its own disk
    std::vector<std::pair<Host, Host>> links;  // The first ones are a spanning tree.
    std::uint32_t clients = 1;
    bool long_names = false;  // Some clients have names that need long lines.
    std::int64_t events = 0;
    std::array<unsigned, event_kinds> weights{};
    FakeKernel::Faults faults;
    FakeKernel::Path path;  // of all links
    FakeKernel::Path slow;  // of those that are slow
    std::vector<std::pair<Host, Host>> slow_links;
    FakeKernel::Path visitor_path;  // between clients and servers
    bool journal = false;
    std::int64_t sync_ns = 0;     // How long a disk takes to sync.
    bool holes = true;            // File systems can make them.
    bool hangs = false;           // Disks in trouble may hang, too.
    bool reconfigures = false;    // A server may be started with another kind of journal, or none.
    bool shrink_end = false;      // Ends with servers that are started with smaller tables.
    bool power_end = false;       // Ends with a loss of power everywhere.
    bool present_stamps = false;  // Reports carry stamps of about now, not of long ago.
    bool overload = false;        // Ends with more reports than a link can carry.
    bool watch = false;           // Ends with a long quiet time.
    bool ahead = false;           // Some reports carry stamps far ahead.
    bool ahead_end = false;       // Ends with a client that is pushed far ahead.
    bool migrates = false;        // A server may be started with keys or without.
    bool near = false;            // Clients ask who is near.
    enum class Places : std::uint8_t { apart, town, pole, antimeridian };
    Places places = Places::apart;  // where clients are
    bool named = false;             // Servers have names, and may move between two runs.
    bool reloads = false;           // Settings change while servers run.
    bool liar = false;              // The last of the configured servers is a host that lies.

private:
    void draw_herd(Random& random);
    void draw_graph(Random& random);
    void draw_limits(Random& random);
    void draw_weights(Random& random);
    void draw_network(Random& random);
    void draw_disk(Random& random);
    void draw_overload();
    void draw_liar(Random random, bool wanted);
    void draw_ahead(Random random);
    void draw_seals(Random random);
    void draw_http(Random random);
    void draw_udp(Random random);
    void draw_near(Random random);
    void draw_settings(Random random);
    void draw_loads(Random random);
};

}  // namespace sim
