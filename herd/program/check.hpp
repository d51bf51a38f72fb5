#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

// The herd on a page: servers, graph, limits, what they amount to, and warnings. `where` says where
// the configuration is from.
std::string overview(const config::Config& config, const std::string& where);

// Prints that, and what is in that folder of keys; empty: there is none. Returns the exit code: 0,
// or 1 when a server could not start here: too few open files are allowed, or there is no key, or
// secret, that it may read, or one is not as it must be.
int check(const config::Config& config, const std::string& where, const std::string& keys);

}  // namespace herd::program
