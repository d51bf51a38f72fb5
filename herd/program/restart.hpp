#pragma once

#include "herd/config/config.hpp"

#include <string>
#include <vector>

namespace herd::program {

// Restarts servers of a herd that are on this machine, one after the other, each when the one
// before it is ready again: so all others are there meanwhile, and have what it is to be told. It
// begins only when all of the herd is ready, and ends at the first that does not come back, or
// whose journal has failed then. One that systemd keeps is restarted by systemd; one of `herd up`
// is asked to end, and `herd up` starts it again. Where one was started by hand, nobody would start
// it again: so it touches none, and names those and the others. Nor does it touch any where
// `herd check` finds an error in what one would be started with.
//
// Without names, all of them. Returns the exit code: 0 when all that are here have been restarted,
// or 1, or 2 when it cannot begin; what is done, and why it ends, is a line each.
int restart(const config::Config& config, const std::vector<std::string>& names);

}  // namespace herd::program
