#pragma once

#include "herd/config/config.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// The graph that a herd's links make.
namespace herd::program {

inline constexpr std::size_t no_server = SIZE_MAX;

// Links on the way between the two servers that are farthest from each other. Nothing: it is in
// parts.
std::optional<std::size_t> diameter(const config::Config& config);

// Those that are out of reach of the others when one server is not there, or no_server: of the two
// or more parts that are left, all but the one of the first server.
std::vector<std::string> cut_off(const config::Config& config, std::size_t without);

}  // namespace herd::program
