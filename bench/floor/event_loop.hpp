#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace bench::floor {

// What is told that a descriptor is ready.
class Handler {
public:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    virtual ~Handler() = default;

    // Of EPOLLIN and so on. False: it is over, and the loop that has adopted it deletes it.
    virtual bool ready(std::uint32_t events) = 0;

    // A while has passed since it asked for that with `EventLoop::later`.
    virtual void again() {}
};

// Of the events of `Handler::ready`.
bool broken(std::uint32_t events);

// Level-triggered epoll, and nothing else. A handler must not end another one's life.
class EventLoop {
public:
    explicit EventLoop(bool spin);  // spin: never sleep in the kernel

    void watch(int descriptor, std::uint32_t events, Handler& handler) const;
    void change(int descriptor, std::uint32_t events, Handler& handler) const;
    void forget(int descriptor) const;
    void adopt(int descriptor, std::uint32_t events, std::unique_ptr<Handler> handler) const;
    void later(Handler& handler);

    // What one recv() takes, valid until the next. None: there is nothing now, or never again.
    struct Read {
        std::string_view bytes;
        bool ended = false;
    };
    Read read(int descriptor);

    [[noreturn]] void run();

private:
    using Clock = std::chrono::steady_clock;

    void call_again();

    int epoll_;
    bool spin_;
    std::vector<Handler*> later_;
    Clock::time_point later_at_;
    std::array<char, std::size_t{64} * 1024> buffer_{};
};

}  // namespace bench::floor
