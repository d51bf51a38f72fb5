#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/timer.hpp"

#include <cstdint>

namespace reactor {

// A listening socket that hands on what it accepts, at most `accepts_max` per wake. When the system
// is out of descriptors or memory, or its owner of room, it backs off for a moment instead of
// spinning. Pinned.
class Listener {
public:
    static constexpr int accepts_max = 16;
    static constexpr Duration backoff_time = std::chrono::milliseconds(100);

    struct Counters {
        std::uint64_t accepted = 0;
        std::uint64_t backoffs = 0;  // EMFILE, ENFILE, ENOBUFS or ENOMEM
    };

    // `has_room` is asked before each one is accepted; null: always.
    Listener(Loop& loop, Delegate<void(Socket)> accepted, Delegate<bool()> has_room = {});

    // Port 0 takes a free one; returns the address in force. The socket is one that the loop was
    // handed down, if it has such a one (Ports). What it accepts is tuned as it is itself.
    Result<Address> listen(const Address& address, SocketProfile profile);
    void close();

    // Connections wait in the kernel's backlog meanwhile.
    void pause();
    void resume();
    bool paused() const { return paused_; }

    const Counters& counters() const { return counters_; }

private:
    void on_ready(Ready ready);
    void accept(Socket socket);
    void back_off();
    void update();

    Loop& loop_;
    Delegate<void(Socket)> accepted_;
    Delegate<bool()> has_room_;
    Socket socket_;
    SocketProfile profile_{};
    Watch watch_;
    Timer backoff_;
    Counters counters_;
    bool paused_ = false;
};

}  // namespace reactor
