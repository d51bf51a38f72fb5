#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/sockets.hpp"

#include <functional>

namespace bench::floor {

// Accepts all that waits at a port, for as long as the process lives.
class Listener : public Handler {
public:
    using Accepted = std::function<void(int descriptor)>;

    Listener(EventLoop& loop, Port port, Accepted accepted);
    bool ready(std::uint32_t events) override;

private:
    int descriptor_;
    Accepted accepted_;
};

}  // namespace bench::floor
