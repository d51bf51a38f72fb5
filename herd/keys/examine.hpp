#pragma once

#include "herd/config/config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace herd::keys {

enum class Severity : std::uint8_t { ok, warning, error };

// One line for a person, which begins with the path of what it is about.
struct Finding {
    Severity severity = Severity::ok;
    std::string text;
};

// Whether the keys and certificates in that folder are what the herd's servers need, now. A server
// that has neither of its files there is warned of only, as these may be on its own machine; what
// is there must be right. Nothing is changed, and nobody is asked for a password.
std::vector<Finding> examine(const std::string& folder, const config::Config& config);

}  // namespace herd::keys
