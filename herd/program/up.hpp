#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

struct UpOptions {
    std::string program;      // as it was called, to tell what to type
    std::string config_file;  // to hand on; empty: the built-in herd
    std::string log_folder;   // likewise; empty: what the configuration says
};

// The program of a whole herd: every server of the configuration but legacy ones as a child
// process, and before them, if the configuration looks for it on this machine, the offline Places
// service. Prints what they print, then, when all servers accept and all links are up, what to
// type, and "ready". A child that ends is started again after a pause; they end with this process,
// however it ends.
// SIGHUP goes on to the servers.
// Returns the exit code: 0 after SIGTERM or SIGINT, 1 when a second one came, or 2 when a child
// could not start.
int up(const config::Config& config, const UpOptions& options);

}  // namespace herd::program
