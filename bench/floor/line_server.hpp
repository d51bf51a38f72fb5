#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/listener.hpp"
#include "bench/floor/sockets.hpp"

namespace bench::floor {

// Answers each line with the same 92 bytes, as many as a herd does, without a look at it.
class LineServer {
public:
    LineServer(EventLoop& loop, Port port);

private:
    Listener listener_;
};

}  // namespace bench::floor
