#include "bench/floor/listener.hpp"

#include <utility>

#include <sys/epoll.h>

namespace bench::floor {

Listener::Listener(EventLoop& loop, Port port, Accepted accepted)
    : descriptor_{listen_on(port)}, accepted_{std::move(accepted)} {
    loop.watch(descriptor_, EPOLLIN, *this);
}

bool Listener::ready(std::uint32_t /*events*/) {
    for (int descriptor = accept_from(descriptor_); descriptor >= 0;
         descriptor = accept_from(descriptor_)) {
        accepted_(descriptor);
    }
    return true;
}

}  // namespace bench::floor
