#pragma once

#include "herd/config/config.hpp"

#include <cstdint>
#include <string>

namespace herd::program {

// All memory that a server of this configuration can ever touch through its own limits, in bytes.
// What libcurl and the C library take comes on top: a few megabytes.
std::uint64_t memory_ceiling(const config::Config& config);

// The herd on a page: servers, graph, limits, what they amount to, and warnings. `where` says where
// the configuration is from.
std::string overview(const config::Config& config, const std::string& where);

// Prints that. Answers the exit code: 0, or 1 when this machine does not allow what it needs.
int check(const config::Config& config, const std::string& where);

}  // namespace herd::program
