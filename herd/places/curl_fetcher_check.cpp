// What must hold of a fetcher between calls: see the states of a seat above curl_fetcher.cpp.
#include "herd/places/curl_fetcher.hpp"

#include <cassert>
#include <cstdint>

namespace herd::places {

void CurlFetcher::check() const {
    watches_.check();
    for (std::uint32_t i = 0; i < seats_.size(); ++i) {
        const Seat& seat = seats_[i];
        assert(seat.owner == this);
        assert(seat.easy != nullptr);
        assert(seat.linked() == (seat.state == State::ended));
        assert(seat.body_size <= body_max_);
    }
}

}  // namespace herd::places
