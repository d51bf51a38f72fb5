#pragma once

#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"

#include <cstdint>

namespace reactor {

// A one-shot timer. Pinned; cancelled when destroyed. Fires in the loop's timer phase, never before
// it is due, and never in the phase that started it. Periodic without drift:
// start_at(due() + period).
class Timer : public ListItem<Timer> {
public:
    Timer(Loop& loop, Delegate<void()> expired) : loop_(loop), expired_(expired) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    // Restarts when pending.
    void start(Duration delay) { start_at(loop_.now() + delay); }
    void start_at(Instant due);
    void cancel();

    bool pending() const { return position_ != idle || linked(); }
    Instant due() const { return due_; }

private:
    friend class Loop;
    static constexpr std::uint32_t idle = UINT32_MAX;

    Loop& loop_;
    Delegate<void()> expired_;
    Instant due_{};
    std::uint32_t position_ = idle;  // In the loop's heap.
};

}  // namespace reactor
