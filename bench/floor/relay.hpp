#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/link.hpp"
#include "bench/floor/listener.hpp"
#include "bench/floor/sockets.hpp"

namespace bench::floor {

// Passes on all bytes that come in, from whomever, on one standing connection.
class Relay {
public:
    Relay(EventLoop& loop, Port port, Port next);

private:
    Link link_;
    Listener listener_;
};

}  // namespace bench::floor
