#pragma once

#include "herd/config/config.hpp"

namespace herd::program {

// The program of one server: serves until SIGTERM or SIGINT and then drains; a second signal ends
// it at once. Says on standard output where as soon as it listens, and once more when all links to
// its neighbours are up. Returns the exit code: 0, or 2 with one line on standard error when it
// could not start. `self` is one of config.servers. Corruptible: USR1 spoils one stored record.
int serve(const config::Config& config, const config::Server& self, bool corruptible);

// What `serve` says, and `up` waits for.
inline constexpr const char* linked_line = ": all links up";

}  // namespace herd::program
