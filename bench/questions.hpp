#pragma once

#include "bench/commands.hpp"
#include "bench/connection.hpp"
#include "bench/histogram.hpp"
#include "bench/pacer.hpp"
#include "bench/session.hpp"

#include <cstdint>
#include <deque>

namespace bench {

// Questions about clients at a fixed rate, one at a time per connection, since one that waits holds
// up its own connection. When all are taken the question waits here, and its latency counts from
// when it was due.
class Questions {
public:
    struct Shape {
        std::uint32_t connections = 1;
        std::uint32_t clients = 1;  // that are asked about, in turns
        double per_second = 1;
    };

    Questions(Session& session, const TargetServer& server, const Shape& shape, Commands commands);

    // Throws CannotMeasure when the server does not answer.
    void connect();
    void start();
    void stop() { pacer_.stop(); }
    // All that was due has been answered.
    bool idle() const;
    std::uint64_t wrong() const;
    const Histogram& times() const { return times_; }

private:
    void on_due(reactor::Instant due);
    void on_answered(Connection& connection, const Batch&);
    void ask(Connection& connection);

    Session& session_;
    Shape shape_;
    Commands commands_;
    Histogram times_;
    std::deque<Connection> connections_;
    std::deque<reactor::Instant> due_;
    Pacer pacer_;
    std::uint32_t next_ = 0;
};

}  // namespace bench
