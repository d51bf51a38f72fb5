#include "reactor/helper.hpp"

#include <cassert>
#include <cerrno>
#include <utility>

namespace reactor {

Result<void> Helper::open() {
    assert(!descriptor_.open());
    auto fd = sys::open_helper();
    if (!fd) return std::unexpected(fd.error());
    descriptor_ = Socket(*fd);
    auto watch = loop_.watch(*fd, Interest::read, Handler::to<&Helper::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    return {};
}

void Helper::ask(const sys::Errand& errand) {
    assert(descriptor_.open());
    const auto asked = sys::ask(descriptor_.fd(), errand);
    if (!asked) die("ask a helper", asked.error());
}

bool Helper::await(Duration patience) {
    if (!sys::await_done(descriptor_.fd(), patience.count())) return false;
    on_ready({});
    return true;
}

void Helper::on_ready(Ready) {
    assert(descriptor_.open());
    assert(watch_.active());
    constexpr int answers_max = 16;
    for (int i = 0; i < answers_max; ++i) {
        const auto errand = sys::take_done(descriptor_.fd());
        if (errand) {
            done_(*errand);
        } else if (errand.error().value == EAGAIN) {
            return;
        } else {
            die("hear of a helper", errand.error());
        }
    }
}

}  // namespace reactor
