#include "bench/followers.hpp"

#include "bench/fleet.hpp"

#include <algorithm>
#include <vector>

namespace bench {

Followers::Followers(Session& session,
                     const TargetServer& server,
                     std::uint32_t count,
                     const Commands& commands)
    : session_(session), commands_(commands) {
    for (std::uint32_t i = 0; i < count; ++i) {
        connections_.emplace_back(session, server, commands.answers, times_);
    }
}

// In groups: a server's queue of newcomers is short.
void Followers::connect() {
    constexpr std::size_t group = 128;
    std::vector<Connection*> all;
    for (Connection& connection : connections_) all.push_back(&connection);
    for (std::span<Connection* const> rest = all; !rest.empty();) {
        const auto first = rest.first(std::min(group, rest.size()));
        bench::connect(session_, first);
        rest = rest.subspan(first.size());
    }
}

void Followers::follow() {
    std::uint32_t number = 0;
    for (Connection& connection : connections_) {
        if (!connection.connected()) continue;
        const std::span<char> out = connection.reserve(Fleet::command_size_max);
        connection.commit(commands_.write(out, number++, 0), {});
    }
}

void Followers::go_deaf() {
    for (Connection& connection : connections_) {
        if (connection.connected()) connection.go_deaf();
    }
}

std::uint64_t Followers::heard() const {
    std::uint64_t sum = 0;
    for (const Connection& connection : connections_) sum += connection.answered();
    return sum;
}

std::uint64_t Followers::refused() const {
    std::uint64_t sum = 0;
    for (const Connection& connection : connections_) sum += connection.wrong();
    return sum;
}

std::uint32_t Followers::lost() const {
    return static_cast<std::uint32_t>(std::ranges::count_if(connections_, &Connection::lost));
}

}  // namespace bench
