#pragma once

#include "reactor/address.hpp"

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Why nothing could be measured. Thrown outside of the loop's callbacks only.
class CannotMeasure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// How the system under test is spoken to.
enum class Protocol {
    iamat,   // IAMAT lines, answered by a line each
    at,      // AT lines, not answered: what a relay passes on
    geoadd,  // Redis: GEOADD, answered by a line each
    set,     // Redis: SET of a client to its AT line, answered by a line each
    http,    // POST of an IAMAT line, answered by a head without a body
    nats,    // NATS: PUB, not answered
};

struct TargetServer {
    std::string name;
    reactor::Address clients;                  // where clients connect
    std::optional<reactor::Address> observer;  // where this server finds us as a neighbour
    bool observed = false;                     // NATS: we subscribe at `clients` instead
    std::vector<int> pids;                     // of its processes, on this machine; may be empty

    // It shows somewhere what it passes on.
    bool watched() const { return observer || observed; }
};

// The system under test: who listens where, who is linked with whom, which processes it is.
struct Target {
    std::string system;
    Protocol protocol = Protocol::iamat;
    std::vector<TargetServer> servers;  // never empty
    std::string keys;                   // all connections are sealed with these; empty: plain
    std::vector<std::pair<std::size_t, std::size_t>> links;

    // Throws CannotMeasure with file and reason.
    static Target read(const std::string& path);
    // The herd that runs when no configuration is given: `herd up` or `./dev up`.
    static Target built_in();

    // Whether every server's processes are known.
    bool names_processes() const;
    // Throws CannotMeasure when there is no such server.
    std::size_t find(std::string_view name) const;
    // For each server: how many servers a report passes that enters at `entry`, from 1 for the
    // entry itself; 0 where it never comes.
    std::vector<unsigned> servers_passed(std::size_t entry) const;
};

}  // namespace bench
