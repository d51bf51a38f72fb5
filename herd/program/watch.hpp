#pragma once

#include "herd/config/config.hpp"
#include "herd/program/client_port.hpp"
#include "reactor/time.hpp"

#include <string>
#include <vector>

namespace herd::program {

struct WatchOptions {
    bool json = false;               // an object a line, instead of the server's own
    std::string auth = {};           // an AUTH line to begin with; empty: none
    reactor::Duration time_limit{};  // how long to wait for the answer to each FOLLOW
    ClientOptions port = {};
};

// Follows at that server: each of `what` is a client, or a location and a radius in kilometres.
// Prints a line to standard output for each change, as it comes, until a signal ends the program.
// Returns the exit code otherwise: 1 when the server refuses to let one of them be followed, or
// takes no clients there, 2 when it cannot be reached or ends the connection, with one line on
// standard error.
int watch(const config::Config& config,
          const config::Server& server,
          const std::vector<std::string>& what,
          const WatchOptions& options);

}  // namespace herd::program
