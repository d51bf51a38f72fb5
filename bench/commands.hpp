#pragma once

#include "bench/answers.hpp"
#include "bench/target.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bench {

// What a load says: a command about a client, at a POSIX time, and what the answers look like.
struct Commands {
    // How much of `out` it took, which holds Fleet::command_size_max.
    using Write = std::function<std::size_t(std::span<char> out, std::uint32_t, std::int64_t)>;

    Write write;
    Answers answers;
};

// What answers to reports look like in this protocol.
Answers answers_in(Protocol protocol);

// Reports of a Fleet, each of where the client is by then; with `settled`, of where it stays in a
// Population.
Commands reports(Protocol protocol, bool settled = false);
// Reports, for whom somebody follows the client: IAMAT, or PUBLISH of an AT line to a channel of
// the client's name.
Commands publications(Protocol protocol);
// That from now on each change of the client is told: FOLLOW, or SUBSCRIBE to that channel.
Commands subscriptions(Protocol protocol);
// That everybody in a circle is told of from now on, around where the client is in a Population.
Commands areas(const std::string& radius_km);
// How many lines are pushed for each change, and of these that are no change for the answer.
struct Pushes {
    std::uint32_t lines;
    std::uint32_t answer_lines;
};
Pushes pushes_in(Protocol protocol);
// Who is within that many kilometres of the client: NEARBY, or GEOSEARCH.
Commands searches(Protocol protocol, const std::string& radius_km, std::uint32_t bound);

}  // namespace bench
