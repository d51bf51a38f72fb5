#include "reactor/helper.hpp"

#include <cassert>
#include <cerrno>
#include <span>
#include <utility>

namespace reactor {

Result<void> Helper::open(sys::Priority priority) {
    assert(!descriptor_.open());
    auto fd = sys::open_helper(priority);
    if (!fd) return std::unexpected(fd.error());
    descriptor_ = Socket(*fd);
    auto watch = loop_.watch(*fd, Interest::read, Handler::to<&Helper::on_ready>(*this));
    if (!watch) return std::unexpected(watch.error());
    watch_ = std::move(*watch);
    return {};
}

void Helper::ask(const sys::Errand& errand) {
    assert(descriptor_.open());
    assert(unanswered_ < errands_max);
    if (unanswered_++ == 0) busy_since_ = loop_.now();
    const auto asked = sys::ask(descriptor_.fd(), errand);
    if (!asked) die("ask a helper", asked.error());
}

void Helper::give(Pages pages) {
    const std::span<char> all = pages.release();
    if (all.empty()) return;
    ask({.what = sys::Errand::What::unmap, .bytes = {all.data(), all.size()}});
}

bool Helper::await(Duration timeout) {
    if (!sys::await_done(descriptor_.fd(), timeout.count())) return false;
    on_ready({});
    return true;
}

void Helper::on_ready(Ready) {
    assert(descriptor_.open());
    assert(watch_.active());
    for (std::uint32_t i = 0; i < errands_max; ++i) {
        const auto errand = sys::take_done(descriptor_.fd());
        if (errand) {
            assert(unanswered_ > 0);
            --unanswered_;
            busy_since_ = loop_.now();
            done_(*errand);
            if (idle()) return;
        } else if (errand.error().value == EAGAIN) {
            return;
        } else {
            die("hear of a helper", errand.error());
        }
    }
}

}  // namespace reactor
