#pragma once

#include <cstdint>

namespace sim {

// Virtual time is in nanoseconds.
inline constexpr std::int64_t ms = 1'000'000;
inline constexpr std::int64_t never = INT64_MAX;

}  // namespace sim
