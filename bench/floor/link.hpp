#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/outbox.hpp"
#include "bench/floor/sockets.hpp"

#include <string_view>

namespace bench::floor {

// One standing connection to a neighbour, dialled until it is up and again when it breaks.
// What is sent while it is down is lost; what a slow neighbour leaves waiting has no bound.
class Link : public Handler {
public:
    Link(EventLoop& loop, Port port, Port self);

    Port port() const { return port_; }
    void send(std::string_view bytes);

    bool ready(std::uint32_t events) override;
    void again() override { start(); }

private:
    void start();
    void drop();

    EventLoop& loop_;
    Outbox outbox_;
    Port port_;
    Port self_;
    int descriptor_ = -1;
    bool up_ = false;
};

}  // namespace bench::floor
