#pragma once

#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/seal.hpp"
#include "reactor/socket.hpp"
#include "reactor/timer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace herd::program {

// One connection of a program that asks: everything out, at once or by and by, our end closed,
// everything in. Reads while it writes: a server takes no commands from a client that does not take
// its answers.
//
//   connecting --> shaking, with a seal --> talking --> over
//
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

    // What there will be to say behind what is said now.
    enum class Rest : std::uint8_t { none, to_come };

    // `over` is called once, from the loop: nothing more comes of it.
    Dialogue(reactor::Loop& loop,
             const Limits& limits,
             Reader reader,
             reactor::Delegate<void()> over);

    // Once, with the loop open. After a failure `over` is not called. Without a seal all is plain.
    reactor::Result<void> start(const reactor::Address& server,
                                std::string out,
                                reactor::SealPtr seal = {},
                                Rest rest = Rest::none);

    // While it is not over, and the rest is to come. What is said is to be answered in time again.
    void say(std::string_view more, Rest rest);

    // From within the reader: from now on there is no time limit, until more is said.
    void wait_on() { lasting_ = true; }

    // Not from within the reader: all has come, as nothing is to be answered any more.
    void finish();

    // Why it ended before all had come; empty: it did not.
    std::string_view trouble() const { return trouble_; }

private:
    void on_ready(reactor::Ready ready);
    void on_timeout() { end("no answer in time"); }
    bool connected();
    bool shaken();
    void write();
    bool take_next();
    void read();
    void limit_time();
    void take(std::string_view news);
    void end(std::string_view trouble);

    reactor::Loop& loop_;
    Limits limits_;
    Reader reader_;
    reactor::Delegate<void()> over_;
    reactor::Socket socket_;
    reactor::Watch watch_;
    reactor::Timer timeout_;
    reactor::SealPtr seal_;
    enum class State : std::uint8_t { connecting, shaking, talking } state_ = State::connecting;
    std::string out_;
    std::size_t taken_ = 0;  // Of out_, to be sent.
    std::string next_;       // What is being sent, as the socket gets it.
    std::size_t sent_ = 0;   // Of next_.
    Rest rest_ = Rest::none;
    bool all_sent_ = false;
    bool lasting_ = false;
    std::string plain_;  // Room for what the seal opens.
    std::string in_;     // Not taken yet.
    std::string_view trouble_;
};

}  // namespace herd::program
