#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

// The herd on a page: servers, graph, limits, what they amount to, and warnings. `where` says where
// the configuration is from.
std::string overview(const config::Config& config, const std::string& where);

// Prints that. Returns the exit code: 0, or 1 when this machine does not allow what it needs.
int check(const config::Config& config, const std::string& where);

}  // namespace herd::program
