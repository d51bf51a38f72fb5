#include "reactor/signals.hpp"

#include <cassert>
#include <utility>

namespace reactor {

Result<void> Signals::open(bool with_user) {
    assert(!descriptor_.open());
    auto fd = sys::open_signals(with_user);
    if (!fd) return std::unexpected(fd.error());
    descriptor_ = Socket(*fd);
    auto watch = loop_.watch(*fd, Interest::read, Handler::to<&Signals::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    return {};
}

void Signals::on_ready(Ready) {
    assert(descriptor_.open());
    auto signal = sys::take_signal(descriptor_.fd());
    if (signal) received_(*signal);
}

}  // namespace reactor
