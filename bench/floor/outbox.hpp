#pragma once

#include "bench/floor/event_loop.hpp"

#include <string>
#include <string_view>

namespace bench::floor {

// The way out of a connection: what the kernel refuses waits here, and asks for EPOLLOUT.
class Outbox {
public:
    // `idle`: the events to watch for while nothing waits.
    Outbox(EventLoop& loop, Handler& handler, std::uint32_t idle)
        : loop_{loop}, handler_{handler}, idle_{idle} {}

    void send(int descriptor, std::string_view bytes);
    void flush(int descriptor);
    void clear() { waiting_.clear(); }
    bool empty() const { return waiting_.empty(); }

private:
    EventLoop& loop_;
    Handler& handler_;
    std::uint32_t idle_;
    std::string waiting_;
};

}  // namespace bench::floor
