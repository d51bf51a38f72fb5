#include "herd/needs.hpp"

namespace herd {

namespace {

// Listeners, epoll, log, signals and what libcurl and the C library hold.
constexpr std::uint32_t other_descriptors = 64;

}  // namespace

reactor::Loop::Limits loop_limits(const config::Config& config) {
    const auto servers = static_cast<std::uint32_t>(config.servers.size());
    return {.watches = config.limits.connections + config.limits.peer_connections + 2 * servers +
                       reactor::Loop::guests_max + other_descriptors,
            .timers = 2 * servers + config.limits.places_in_flight + other_descriptors};
}

std::uint64_t descriptors(const config::Config& config) {
    return std::uint64_t{config.limits.connections} + config.limits.peer_connections +
           config.servers.size() + std::uint64_t{2} * config.limits.places_in_flight +
           other_descriptors;
}

}  // namespace herd
