// What must hold of a fetcher between calls: see the states of a slot above curl_fetcher.cpp.
#include "herd/places/curl_fetcher.hpp"

#include <cassert>
#include <cstdint>

namespace herd::places {

void CurlFetcher::check() const {
    watches_.check();
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        const Slot& slot = slots_[i];
        assert(slot.owner == this);
        assert((slot.easy != nullptr) == (multi_ != nullptr) || !why_unusable_.empty());
        assert(slot.linked() == (slot.state == State::ended));
        assert(slot.body_size <= settings_.body_max);
    }
}

}  // namespace herd::places
