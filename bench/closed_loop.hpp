#pragma once

#include "bench/commands.hpp"
#include "bench/connection.hpp"
#include "bench/histogram.hpp"
#include "bench/picker.hpp"
#include "bench/session.hpp"
#include "bench/target.hpp"

#include <cstdint>
#include <deque>

namespace bench {

// Connections to one server, each of which says `depth` reports, or other commands, in one go,
// waits until all are answered, and says the next: as fast as the server answers.
class ClosedLoop {
public:
    struct Shape {
        std::size_t server = 0;
        std::uint32_t connections = 1;
        std::uint32_t depth = 1;
    };
    static constexpr std::uint32_t depth_max = 2048;

    ClosedLoop(Session& session, const Target& target, const Shape& shape, Picker picker);
    ClosedLoop(Session& session,
               const Target& target,
               const Shape& shape,
               Picker picker,
               Commands commands);

    // Throws CannotMeasure when the server does not answer.
    void connect();
    // Until stop(), or until that many reports in all have been picked.
    void start(std::uint64_t reports_max = UINT64_MAX);
    void stop() { reports_max_ = 0; }
    // All that was said has been answered, or its connection is lost.
    bool idle() const;
    // start(), that long, stop() and until idle; throws CannotMeasure when answers stay away.
    void run(reactor::Duration time);

    // Since start().
    std::uint64_t answered() const { return answered_total() - answered_before_; }
    std::uint64_t wrong() const;
    std::uint32_t lost() const;
    const Histogram& times() const { return times_; }

private:
    void on_answered(Connection& connection, const Batch& batch);
    void say(Connection& connection);
    std::uint64_t answered_total() const;

    Session& session_;
    Commands commands_;
    Picker picker_;
    std::uint32_t depth_;
    Histogram times_;
    std::deque<Connection> connections_;
    std::int64_t stamp_ = 0;
    std::uint64_t reports_max_ = 0;
    std::uint64_t answered_before_ = 0;
};

}  // namespace bench
