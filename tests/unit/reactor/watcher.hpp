#pragma once

#include "reactor/loop.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <functional>

namespace reactor::test {

// A handler that counts, remembers and does what the test wants.
struct Watcher {
    void on_ready(Ready now) {
        ++calls;
        ready = now;
        if (action) action();
    }
    Handler handler() { return Handler::to<&Watcher::on_ready>(*this); }
    void start(Loop& loop, int fd, Interest interest, Ownership ownership = Ownership::ours) {
        auto started = loop.watch(fd, interest, handler(), ownership);
        REQUIRE(started);
        watch = std::move(*started);
    }
    int calls = 0;
    Ready ready;
    std::function<void()> action;
    Watch watch;
};

}  // namespace reactor::test
