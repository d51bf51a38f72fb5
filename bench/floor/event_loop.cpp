#include "bench/floor/event_loop.hpp"

#include "bench/floor/sockets.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace bench::floor {

namespace {

constexpr std::chrono::milliseconds pause{20};

}  // namespace

bool broken(std::uint32_t events) {
    return (events & (EPOLLERR | EPOLLHUP)) != 0;
}

EventLoop::EventLoop(bool spin) : epoll_{epoll_create1(EPOLL_CLOEXEC)}, spin_{spin} {
    if (epoll_ < 0) die("epoll_create1");
}

void EventLoop::watch(int descriptor, std::uint32_t events, Handler& handler) const {
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
}

void EventLoop::change(int descriptor, std::uint32_t events, Handler& handler) const {
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) != 0) die("epoll_ctl");
}

void EventLoop::forget(int descriptor) const {
    if (epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr) != 0) die("epoll_ctl");
}

void EventLoop::adopt(int descriptor,
                      std::uint32_t events,
                      std::unique_ptr<Handler> handler) const {
    // NOLINTBEGIN(clang-analyzer-cplusplus.NewDeleteLeaks): it is the kernel's until it ends.
    watch(descriptor, events, *handler.release());
}
// NOLINTEND(clang-analyzer-cplusplus.NewDeleteLeaks)

void EventLoop::later(Handler& handler) {
    if (later_.empty()) later_at_ = Clock::now() + pause;
    later_.push_back(&handler);
}

EventLoop::Read EventLoop::read(int descriptor) {
    const auto count = recv(descriptor, buffer_.data(), buffer_.size(), 0);
    if (count > 0) return {.bytes = {buffer_.data(), static_cast<std::size_t>(count)}};
    return {.bytes = {}, .ended = count == 0 || (errno != EAGAIN && errno != EINTR)};
}

void EventLoop::call_again() {
    if (later_.empty() || Clock::now() < later_at_) return;
    for (Handler* const handler : std::exchange(later_, {})) handler->again();
}

void EventLoop::run() {
    std::array<epoll_event, 256> events{};
    for (;;) {
        const int sleep_ms = later_.empty() ? -1 : static_cast<int>(pause.count());
        const int count = epoll_wait(
            epoll_, events.data(), static_cast<int>(events.size()), spin_ ? 0 : sleep_ms);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events.at(static_cast<std::size_t>(i));
            auto* const handler = static_cast<Handler*>(event.data.ptr);
            if (!handler->ready(event.events)) delete handler;
        }
        call_again();
    }
}

}  // namespace bench::floor
