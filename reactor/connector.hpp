#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <optional>

namespace reactor {

// Dials one address until it is connected, with growing, jittered pauses between the tries. Pinned.
//
//   idle --dial()--> dialling --established--> idle, and `connected` is called with the socket
//            ^           |refused, timed out, or connected to itself
//            +--backoff<-+            (backoff: a timer)
//
// The pause doubles with each failure and is reset by settle() only: a connection that is made and
// at once dropped again is no success.
class Connector {
public:
    struct Pace {
        Duration pause_min = std::chrono::milliseconds(50);
        Duration pause_max = std::chrono::seconds(5);
        Duration dial_max = std::chrono::seconds(3);
    };

    Connector(Loop& loop, const Pace& pace, Delegate<void(Socket)> connected);

    void aim(const Address& target) { target_ = target; }
    // Asks before each try whom to dial, in place of aim(): for a target with several addresses,
    // or, with port 0, with none so far, which counts as a try that has failed.
    void aim_by(Delegate<Address()> choose) { choose_ = choose; }
    // Which of this machine's addresses it dials from, with port 0; else the system chooses.
    void leave_from(const Address& own) { own_ = own; }
    // Tries at once.
    void dial();
    // Tries after a pause. For a connection that was made and has failed.
    void dial_later();
    // The connection has proved useful: the next pause is the shortest again.
    void settle() { failures_ = 0; }
    void cancel();
    // Between a dial and its outcome.
    bool dialling() const { return socket_.open(); }

    std::uint64_t attempts() const { return attempts_; }
    Errno last_error() const { return last_error_; }

private:
    void attempt();
    void on_ready(Ready ready);
    void on_timer();
    Result<void> start(Socket& socket);
    Result<void> check();
    void fail(Errno error);

    Loop& loop_;
    Pace pace_;
    Delegate<void(Socket)> connected_;
    Delegate<Address()> choose_;
    Address target_;
    std::optional<Address> own_;
    Socket socket_;
    Watch watch_;
    Timer timer_;  // The end of a pause, or the limit of a try.
    std::uint32_t failures_ = 0;
    std::uint64_t attempts_ = 0;
    Errno last_error_{};
};

}  // namespace reactor
