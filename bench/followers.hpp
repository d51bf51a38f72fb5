#pragma once

#include "bench/commands.hpp"
#include "bench/connection.hpp"
#include "bench/histogram.hpp"
#include "bench/session.hpp"

#include <cstdint>
#include <deque>

namespace bench {

// Connections each of which follows one thing of its own, and counts what it is told.
class Followers {
public:
    // Each says the command for its number.
    Followers(Session& session,
              const TargetServer& server,
              std::uint32_t count,
              const Commands& commands);

    // Throws CannotMeasure when the server does not answer.
    void connect();
    void follow();
    // They read nothing from now on.
    void go_deaf();

    // Lines, of all together; the second of these that refuse.
    std::uint64_t heard() const;
    std::uint64_t refused() const;
    std::uint32_t lost() const;

private:
    Session& session_;
    Commands commands_;
    Histogram times_;  // of nothing: no answer is waited for
    std::deque<Connection> connections_;
};

}  // namespace bench
