#pragma once

#include "herd/config/config.hpp"
#include "herd/keys/examine.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace herd::program {

// What there is to say of a configuration that holds together, and of this machine, its files and
// the keys in that folder (empty: there are none). Errors keep servers, or what is asked of them,
// from working here. May block.
std::vector<keys::Finding> findings(const config::Config& config, const std::string& keys_folder);

// Descriptors that a server may have here.
std::uint64_t allowed_descriptors(const config::Config& config);

}  // namespace herd::program
