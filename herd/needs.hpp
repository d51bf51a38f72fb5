#pragma once

#include "herd/config/config.hpp"
#include "reactor/loop.hpp"

#include <cstdint>

namespace herd {

// The loop that a server of this configuration needs.
reactor::Loop::Limits loop_limits(const config::Config& config);

// Descriptors that it may hold at a time.
std::uint64_t descriptors(const config::Config& config);

}  // namespace herd
