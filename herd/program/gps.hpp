#pragma once

#include "herd/config/config.hpp"
#include "herd/program/client_port.hpp"
#include "reactor/address.hpp"

#include <string>

namespace herd::program {

struct GpsOptions {
    std::string id;          // whom to report
    reactor::Address gpsd;   // where gpsd listens
    std::string token_file;  // Read at each connection to the server; empty: no token is shown.
    ClientOptions port = {};
};

// Reports to that server where gpsd says that this machine is, until a signal ends the program;
// what changes on either side is said on standard error. Returns the exit code: 0, or 2 with one
// line on standard error when it cannot even begin.
int gps(const config::Config& config, const config::Server& server, const GpsOptions& options);

}  // namespace herd::program
