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
// Whoever is at the other end may be anybody: each answer has a time limit, however it comes, and a
// size limit.
// Pinned; its loop, and whoever is told, outlive it.
class Dialogue {
public:
    // Takes the answers that are whole, which end with a line, off the front of what has come;
    // true: that was all.
    using Reader = reactor::Delegate<bool(std::string&)>;
    struct Limits {
        reactor::Duration time;  // for the connection and the first answer, then for each other one
        std::size_t size;        // of an answer
    };

    // `over` is called once, from the loop: nothing more comes of it.
    Dialogue(reactor::Loop& loop,
             const Limits& limits,
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
    Limits limits_;
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
