#pragma once

#include "bench/histogram.hpp"
#include "bench/session.hpp"
#include "reactor/delegate.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <cstdint>

namespace bench {

// The clock of an open loop: calls at fixed intended times, however long the system under test
// takes for what is done in them. A call that comes late still gets its intended time, and how late
// it was is kept: it is part of what this process adds to a latency.
class Pacer {
public:
    using Due = reactor::Delegate<void(reactor::Instant intended)>;

    Pacer(Session& session, Due due)
        : due_(due),
          timer_(session.loop(), reactor::Delegate<void()>::to<&Pacer::on_timer>(*this)) {}

    // `per_second` above 0. The first call is due at once.
    void start(double per_second);
    void stop() { timer_.cancel(); }

    std::uint64_t calls() const { return calls_; }
    const Histogram& lateness() const { return lateness_; }

private:
    // So that answers are read between the calls even when they cannot keep up.
    static constexpr int calls_per_turn = 32;

    reactor::Instant intended() const;
    void on_timer();

    Due due_;
    reactor::Timer timer_;
    Histogram lateness_;
    reactor::Instant start_{};
    double interval_ns_ = 0;
    std::uint64_t calls_ = 0;
};

}  // namespace bench
