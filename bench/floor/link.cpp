#include "bench/floor/link.hpp"

#include <sys/epoll.h>
#include <unistd.h>

namespace bench::floor {

Link::Link(EventLoop& loop, Port port, Port self)
    : loop_{loop}, outbox_{loop, *this, EPOLLIN}, port_{port}, self_{self} {
    start();
}

void Link::send(std::string_view bytes) {
    if (up_) outbox_.send(descriptor_, bytes);
}

bool Link::ready(std::uint32_t events) {
    if (broken(events)) {
        drop();
    } else if (!up_) {
        up_ = true;
        loop_.change(descriptor_, EPOLLIN, *this);
    } else {
        outbox_.flush(descriptor_);
        // A neighbour answers nothing here: to be readable is to have ended.
        if ((events & EPOLLIN) != 0 && loop_.read(descriptor_).ended) drop();
    }
    return true;
}

void Link::start() {
    descriptor_ = dial(port_, self_);
    loop_.watch(descriptor_, EPOLLOUT, *this);
}

void Link::drop() {
    close(descriptor_);
    outbox_.clear();
    up_ = false;
    loop_.later(*this);
}

}  // namespace bench::floor
