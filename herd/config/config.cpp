#include "herd/config/config.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::config {

Config Config::built_in() {
    constexpr std::uint16_t first_client_port = 12001;
    constexpr std::uint16_t first_peer_port = 12101;
    constexpr std::uint16_t first_http_port = 12201;
    const std::pair<const char*, std::vector<std::string>> herd[] = {
        {"Goloman", {"Hands", "Holiday", "Wilkes"}},
        {"Hands", {"Goloman", "Wilkes"}},
        {"Holiday", {"Goloman", "Welsh", "Wilkes"}},
        {"Welsh", {"Holiday"}},
        {"Wilkes", {"Goloman", "Hands", "Holiday"}},
    };
    Config config;
    std::uint16_t index = 0;
    for (const auto& [name, neighbours] : herd) {
        const auto clients = static_cast<std::uint16_t>(first_client_port + index);
        const auto peers = static_cast<std::uint16_t>(first_peer_port + index);
        const auto http = static_cast<std::uint16_t>(first_http_port + index);
        config.servers.push_back({.name = name,
                                  .clients = reactor::Address::loopback(clients),
                                  .peers = reactor::Address::loopback(peers),
                                  .neighbours = neighbours,
                                  .http = reactor::Address::loopback(http)});
        ++index;
    }
    assert(config.servers.size() == std::size(herd));
    config.places.url = offline_url;
    return config;
}

const Server* Config::find(std::string_view name) const {
    const auto found = std::ranges::find(servers, name, &Server::name);
    return found == servers.end() ? nullptr : &*found;
}

std::uint32_t Config::neighbours_max() const {
    std::size_t most = 0;
    for (const Server& server : servers) most = std::max(most, server.neighbours.size());
    assert(most < servers_max);
    return static_cast<std::uint32_t>(most);
}

bool Config::has_bridge() const {
    return std::ranges::any_of(servers, &Server::bridge);
}

std::uint32_t Config::bridges_before(const Server& server) const {
    std::uint32_t count = 0;
    for (const Server& each : servers) {
        if (each.name == server.name) break;
        count += each.bridge ? 1 : 0;
    }
    return count;
}

}  // namespace herd::config
