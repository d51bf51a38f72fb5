#include "bench/floor/relay.hpp"

#include <memory>

#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

namespace {

class RelayConnection : public Handler {
public:
    RelayConnection(EventLoop& loop, int descriptor, Link& link)
        : loop_{loop}, link_{link}, descriptor_{descriptor} {}
    ~RelayConnection() override { close(descriptor_); }

    bool ready(std::uint32_t events) override {
        if (broken(events)) return false;
        const EventLoop::Read read = loop_.read(descriptor_);
        link_.send(read.bytes);
        return !read.ended;
    }

private:
    EventLoop& loop_;
    Link& link_;
    int descriptor_;
};

}  // namespace

Relay::Relay(EventLoop& loop, Port port, Port next)
    : link_{loop, next, port}, listener_{loop, port, [this, &loop](int descriptor) {
                                             loop.adopt(descriptor,
                                                        EPOLLIN,
                                                        std::make_unique<RelayConnection>(
                                                            loop, descriptor, link_));
                                         }} {}

}  // namespace bench::floor
