#pragma once

#include "herd/config/config.hpp"

#include <string>
#include <string_view>

namespace herd::program {

// Why a server may have answered that line with a ?, and what to look at: what is wrong with it, or
// else, as far as this configuration tells, what it takes to be allowed. For a person; a clause
// that has nothing of the line in it.
std::string reason_of_refusal(std::string_view line, const config::Config& config, bool has_token);

}  // namespace herd::program
