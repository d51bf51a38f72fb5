#pragma once

#include "herd/config/config.hpp"
#include "herd/program/reload.hpp"

namespace herd::program {

// The program of one server: serves until SIGTERM or SIGINT and then drains; a second signal ends
// it at once. Says on standard output where as soon as it listens, and once more when all links to
// its neighbours are up. Returns the exit code: 0, or 2 with one line on standard error, and one in
// its log, when it could not start. `self` is one of config.servers. SIGHUP has it read its files
// again (Reload): then those settings of `config` change that are taken live.
struct ServeOptions {
    Reload::Read read;         // the configuration, again
    bool corruptible = false;  // USR1 spoils one stored record
};
int serve(config::Config& config, const config::Server& self, const ServeOptions& options);

// What `serve` says, and `up` waits for.
inline constexpr const char* linked_line = ": all links up";

}  // namespace herd::program
