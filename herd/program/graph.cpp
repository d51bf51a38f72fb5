#include "herd/program/graph.hpp"

#include <algorithm>
#include <cassert>

namespace herd::program {

namespace {

constexpr std::size_t unreachable = SIZE_MAX;

// How far each server is from one of them, over links, as if one server were not there.
std::vector<std::size_t> distances(const config::Config& config,
                                   std::size_t from,
                                   std::size_t without) {
    std::vector<std::size_t> steps(config.servers.size(), unreachable);
    std::vector<std::size_t> reached = {from};
    assert(from < steps.size());
    assert(from != without);
    steps[from] = 0;
    for (std::size_t next = 0; next < reached.size(); ++next) {
        const std::size_t at = reached[next];
        for (const std::string& name : config.servers[at].neighbours) {
            const auto other = static_cast<std::size_t>(config.find(name) - config.servers.data());
            assert(other < steps.size());
            if (other == without || steps[other] != unreachable) continue;
            steps[other] = steps[at] + 1;
            reached.push_back(other);
        }
    }
    return steps;
}

}  // namespace

std::optional<std::size_t> diameter(const config::Config& config) {
    std::size_t most = 0;
    for (std::size_t i = 0; i < config.servers.size(); ++i) {
        most = std::max(most, std::ranges::max(distances(config, i, no_server)));
    }
    if (most == unreachable) return std::nullopt;
    return most;
}

std::vector<std::string> cut_off(const config::Config& config, std::size_t without) {
    const std::size_t first = without == 0 ? 1 : 0;
    if (first >= config.servers.size()) return {};
    const auto steps = distances(config, first, without);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (i != without && steps[i] == unreachable) names.push_back(config.servers[i].name);
    }
    return names;
}

}  // namespace herd::program
