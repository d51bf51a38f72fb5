#pragma once

#include "herd/config/config.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/delegate.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/lies.hpp"
#include "tests/sim/random.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// A neighbour that lies: it has a configured server's name, listens where that is dialled, and
// dials those whose neighbour it is. On either side it answers as it should, mostly, and says what
// it likes at any moment; it reads when it likes. It comes in the name of others, too, and then
// knows all that these have told it: their runs, and how far they have come.
class LyingHost {
public:
    // A report for it to pass on; whoever is asked writes it down.
    using Invent = reactor::Delegate<std::string()>;

    LyingHost(FakeKernel& kernel,
              Host host,
              const herd::config::Config& config,
              std::uint64_t seed,
              Invent invent);

    // Hears and answers what has come; false when nothing has.
    bool turn();
    // Does something of its own accord. Returns what, for a trace.
    std::string act();
    // From now on says nothing that is to change a table, and nothing in the name of another.
    void calm_down();
    // Ends all connections, and makes no more.
    void leave();

    // It acknowledges what it has heard, and nothing else, whatever it claims otherwise: so who
    // counts it as one that has something is right, or was to blame.
    bool acknowledges_truly() const { return acknowledges_truly_; }
    // What it was told, or has reported, of this line's client is that line or a newer one.
    bool has(std::string_view line) const;

private:
    struct Connection {
        int fd;
        Host victim;
        bool dialled;
        bool posing;  // in the name of another
        Truth truth;
        std::string unsent = {};
        std::string heard = {};
        bool deaf = false;
        bool whole = true;  // What was said ends with a newline.
    };
    using Connections = std::list<Connection>;

    void listen();
    void accept();
    bool exchange(Connection& connection);
    bool send(Connection& connection);
    bool receive(Connection& connection);
    void answer(Connection& connection, std::string_view line);
    void say(Connection& connection, const std::string& line);
    Lie draw_kind(bool dialled);
    std::string lie(Connection& connection, Lie kind);
    std::string report(Connection& connection);
    void keep(std::string_view line);
    void tell_cookie(Host victim);
    std::string dial();
    void drop(Connections::iterator connection);
    Connections::iterator some_connection();
    Host host_of(std::string_view name) const;

    FakeKernel& kernel_;
    Host host_;
    const herd::config::Config& config_;
    Random random_;
    Invent invent_;
    std::uint64_t epoch_;
    std::uint64_t cookie_;
    bool acknowledges_truly_;
    std::map<std::string, std::string, std::less<>> kept_;  // Lines, by client.
    std::uint64_t said_ = 0;                                // Of its feed, if it had one.
    std::vector<Host> victims_;
    std::map<Host, Truth> known_;  // What each has last said.
    int listener_ = -1;
    Connections connections_;
    bool calm_ = false;
    bool left_ = false;
};

}  // namespace sim
