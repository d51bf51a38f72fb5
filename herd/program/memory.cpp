#include "herd/program/memory.hpp"

#include "herd/needs.hpp"
#include "herd/program/machine.hpp"

#include <cstdint>
#include <optional>

namespace herd::program {

namespace {

std::string in_mib(std::uint64_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

// The most clients with which it needs no more; 0: it does with one.
std::uint32_t clients_within(config::Config config, std::uint64_t bytes) {
    std::uint32_t fit = 0;
    for (std::uint32_t beyond = config.limits.clients; beyond - fit > 1;) {
        const std::uint32_t middle = fit + (beyond - fit) / 2;
        config.limits.clients = middle;
        (memory_ceiling(config) <= bytes ? fit : beyond) = middle;
    }
    return fit;
}

}  // namespace

std::string want_of_memory(const config::Config& config) {
    const auto allowed = memory_allowed();
    const auto there = memory_there();
    const bool grouped = allowed && (!there || *allowed < *there);
    const auto room = grouped ? allowed : there;
    const std::uint64_t needed = memory_ceiling(config);
    if (!room || needed <= *room) return {};
    const std::uint32_t fit = clients_within(config, *room);
    return "a server with all of its clients needs " + in_mib(needed) + ", and " +
           (grouped ? "the control group allows " : "this machine has ") + in_mib(*room) + ": " +
           (fit > 0 ? "set limits.clients to at most " + std::to_string(fit)
                    : std::string("lower limits"));
}

}  // namespace herd::program
