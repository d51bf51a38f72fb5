#pragma once

#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"
#include "reactor/timer_heap.hpp"

namespace reactor {

// A one-shot timer. Pinned; cancelled when destroyed. Fires in the loop's timer phase, never before
// it is due, and never in the phase that started it. Periodic without drift:
// start_at(due() + period).
class Timer final : public TimerHeap::Entry {
public:
    Timer(Loop& loop, Delegate<void()> expired) : loop_(loop), expired_(expired) {}
    ~Timer() { cancel(); }

    // Restarts when pending.
    void start(Duration delay) { start_at(loop_.now() + delay); }
    void start_at(Instant due);
    void cancel();

    bool pending() const { return in_heap() || linked(); }

private:
    friend class Loop;

    Loop& loop_;
    Delegate<void()> expired_;
};

}  // namespace reactor
