#pragma once

#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"
#include "reactor/time.hpp"

#include <cstdint>

namespace reactor {

// A thread for what waits for the disk, or computes for long, as seen from the loop: errands are
// asked, and `done` is told of each when it is done, in the order asked. Pinned. When this dies,
// what was asked is still done, and nobody is told.
//
// A disk may hang for minutes, or for good. Then the errands asked are never answered, and what
// they refer to must stay valid: `busy_since` shows it, and give() is for memory that their owner
// does not want to wait for.
//
// Invariant: unanswered() <= errands_max, which is the owner's to keep; the kernel has room for
// more.
class Helper {
public:
    Helper(Loop& loop, Delegate<void(const sys::Errand&)> done) : loop_(loop), done_(done) {}

    // Once, first. One that computes for long has a low priority, so that the loop goes first.
    Result<void> open(sys::Priority priority = sys::Priority::usual);
    static constexpr std::uint32_t errands_max = 16;
    void ask(const sys::Errand& errand);
    // Gives the pages back to the system once all that was asked before is done, if ever.
    void give(Pages pages);
    // Waits for an errand to be done and tells of it, for an owner that ends; false when none was.
    bool await(Duration timeout);

    std::uint32_t unanswered() const { return unanswered_; }
    bool idle() const { return unanswered_ == 0; }
    // Since when the errand at the front has been under way, as far as this was told. Not while it
    // is idle.
    Instant busy_since() const { return busy_since_; }

private:
    void on_ready(Ready ready);

    Loop& loop_;
    Delegate<void(const sys::Errand&)> done_;
    Socket descriptor_;
    Watch watch_;
    std::uint32_t unanswered_ = 0;
    Instant busy_since_{};
};

}  // namespace reactor
