#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

// Asks a running server what it runs with, and says what of this configuration it would take at a
// SIGHUP, and what needs a restart: a line each on standard output. An empty name means all servers
// that can be asked. Returns the exit code: 0 when all would be taken, 1 when something needs a
// restart, or a server does not say, or 2 with one line on standard error when there is no such
// server, or nothing to show to it.
int live_check(const config::Config& config, const std::string& name);

}  // namespace herd::program
