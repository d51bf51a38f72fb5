#pragma once

#include "herd/config/config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace herd::config {

// One of Limits, as a configuration may set it: from `min` to `max`, both included.
struct LimitRule {
    std::string_view name;
    std::uint32_t Limits::*value;
    std::uint32_t min;
    std::uint32_t max;
    std::string_view meaning;  // one short line, with the unit
};

// All of them, in the order of Limits.
std::span<const LimitRule> limit_rules();

// Limits that are fine by themselves, but not together.
struct LimitClash {
    std::uint32_t Limits::*limit;    // the one to change
    std::uint32_t Limits::*against;  // what asks for it; null: the herd's graph
    std::string expected;            // of `limit`
};
std::optional<LimitClash> find_clash(const Config& config);

}  // namespace herd::config
