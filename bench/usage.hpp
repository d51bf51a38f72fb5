#pragma once

#include <cstdint>
#include <span>

namespace bench {

// What processes of this machine have used so far, all their threads together; those that are gone
// or may not be looked at count as 0.
struct Usage {
    std::int64_t cpu_ns = 0;  // in user space and in the kernel on their behalf
    std::int64_t resident_bytes = 0;
};

Usage usage_of(std::span<const int> pids);

// Resident memory in which a page that several processes share counts once among them (PSS); the
// kernel goes through all of it, so not for often. 0 for what may not be looked at.
std::int64_t proportional_bytes(std::span<const int> pids);

// This process's CPU time.
std::int64_t own_cpu_ns();

}  // namespace bench
