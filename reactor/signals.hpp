#pragma once

#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

namespace reactor {

// TERM, INT and HUP, and USR1 where it is wanted, as events of the loop. At most one per process.
// Pinned.
class Signals {
public:
    static constexpr int hang_up = sys::hang_up_signal;
    static constexpr int user = sys::user_signal;

    Signals(Loop& loop, Delegate<void(int)> received) : loop_(loop), received_(received) {}

    // From here on the signals no longer end the process; SIGPIPE is ignored.
    Result<void> open(bool with_user = false);

private:
    void on_ready(Ready ready);

    Loop& loop_;
    Delegate<void(int)> received_;  // With the signal's number.
    Socket descriptor_;
    Watch watch_;
};

}  // namespace reactor
