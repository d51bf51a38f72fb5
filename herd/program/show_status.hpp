#pragma once

#include "herd/config/config.hpp"
#include "reactor/time.hpp"

namespace herd::program {

struct StatusOptions {
    bool json = false;   // one line with everything that the servers say, instead of tables
    bool watch = false;  // again and again, until a signal ends the program
    reactor::Duration interval = std::chrono::seconds(1);
};

// Asks all servers of the herd at once how they are, and prints it to standard output. Servers with
// keys are shown the operator's certificate, or one of a server's. Returns the exit code: 0, 1 when
// some server did not answer with a status, or 2 with one line on standard error when there is no
// certificate to show. Old servers cannot be asked.
int show_status(const config::Config& config, const StatusOptions& options);

}  // namespace herd::program
