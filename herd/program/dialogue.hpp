#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/timer.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace herd::program {

// One connection of a program that asks: everything out, our end closed, everything in. Reads while
// it writes: a server takes no commands from a client that does not take its answers.
// Pinned; its loop, and whoever is told, outlive it.
class Dialogue {
public:
    // Takes what it understands off the front of what has come; true: that was all.
    using Reader = reactor::Delegate<bool(std::string&)>;

    // `over` is called once, from the loop: nothing more comes of it.
    Dialogue(reactor::Loop& loop,
             reactor::Duration time_limit,
             Reader reader,
             reactor::Delegate<void()> over);

    // Once, with the loop open. After a failure `over` is not called.
    reactor::Result<void> start(const reactor::Address& server, std::string out);

    // Why it ended before all had come; empty: it did not.
    std::string_view trouble() const { return trouble_; }

private:
    void on_ready(reactor::Ready ready);
    void on_timeout() { end("no answer in time"); }
    bool connected();
    void write();
    void read();
    void end(std::string_view trouble);

    reactor::Loop& loop_;
    reactor::Duration time_limit_;  // For the connection and then for each piece of the answer.
    Reader reader_;
    reactor::Delegate<void()> over_;
    reactor::Socket socket_;
    reactor::Watch watch_;
    reactor::Timer timeout_;
    std::string out_;
    std::size_t sent_ = 0;  // Of out_.
    std::string in_;        // Not taken yet.
    bool connected_ = false;
    std::string_view trouble_;
};

}  // namespace herd::program
