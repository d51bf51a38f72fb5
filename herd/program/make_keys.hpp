#pragma once

#include "herd/config/config.hpp"

#include <cstdint>
#include <string>

namespace herd::program {

// Makes what the herd lacks in that folder, and prints one line per new file and what is to be done
// with them. Returns the exit code: 0, or 2 when something is in the way.
int make_keys(const config::Config& config, const std::string& folder, std::uint32_t days);

}  // namespace herd::program
