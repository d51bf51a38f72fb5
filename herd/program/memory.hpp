#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

// Whether a server of this configuration that has all of its clients has room in this machine, and
// in what the control groups of this process allow. Empty: it has. Otherwise a sentence that says
// what it needs, what there is, and what would fit.
std::string want_of_memory(const config::Config& config);

}  // namespace herd::program
