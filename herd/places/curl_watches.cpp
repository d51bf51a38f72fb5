#include "herd/places/curl_watches.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::places {

CurlWatches::CurlWatches(reactor::Loop& loop, reactor::Delegate<void(int, reactor::Ready)> ready)
    : loop_(loop), ready_(ready) {
    for (Guest& guest : guests_) guest.owner = this;
}

bool CurlWatches::watch(int fd, reactor::Interest interest) {
    if (Guest* known = find(fd)) {
        known->watch.want(interest);
        return true;
    }
    Guest* guest = find(-1);
    if (guest == nullptr) return false;
    const auto handler = reactor::Handler::to<&Guest::on_ready>(*guest);
    auto watch = loop_.watch(fd, interest, handler, reactor::Ownership::guest);
    if (!watch) return false;
    guest->fd = fd;
    guest->watch = std::move(*watch);
    ++size_;
    assert(size_ <= size_max);
    return true;
}

void CurlWatches::forget(int fd) {
    Guest* guest = find(fd);
    if (guest == nullptr) return;
    assert(size_ > 0);
    guest->watch.stop();
    guest->fd = -1;
    --size_;
}

void CurlWatches::check() const {
    std::size_t size = 0;
    for (const Guest& guest : guests_) {
        assert(guest.owner == this);
        assert(guest.watch.active() == (guest.fd >= 0));
        size += guest.fd >= 0 ? 1 : 0;
    }
    assert(size == size_);
}

CurlWatches::Guest* CurlWatches::find(int fd) {
    auto* found = std::ranges::find(guests_, fd, &Guest::fd);
    return found == guests_.end() ? nullptr : found;
}

}  // namespace herd::places
