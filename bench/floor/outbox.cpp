#include "bench/floor/outbox.hpp"

#include "bench/floor/sockets.hpp"

#include <sys/epoll.h>

namespace bench::floor {

void Outbox::send(int descriptor, std::string_view bytes) {
    if (bytes.empty()) return;
    if (!waiting_.empty()) {
        waiting_ += bytes;
        return;
    }
    waiting_ = send_some(descriptor, bytes);
    if (!waiting_.empty()) loop_.change(descriptor, EPOLLOUT, handler_);
}

void Outbox::flush(int descriptor) {
    if (waiting_.empty()) return;
    waiting_.erase(0, waiting_.size() - send_some(descriptor, waiting_).size());
    if (waiting_.empty()) loop_.change(descriptor, idle_, handler_);
}

}  // namespace bench::floor
