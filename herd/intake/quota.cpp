#include "herd/intake/quota.hpp"

#include "reactor/sys.hpp"

#include <utility>

namespace herd::intake {

std::uint64_t Quota::hash_of(const reactor::Address& address) {
    if (!std::exchange(keyed_, true)) {
        hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
    }
    return hash_(address.network());
}

bool Quota::admits(const reactor::Address& from, std::uint32_t now_s) {
    if (from.is_loopback()) return true;
    Place& place = places_[hash_of(from) % place_count];
    if (place.second != now_s) place = {.second = now_s};
    if (place.count >= per_second_) return false;
    ++place.count;
    return true;
}

}  // namespace herd::intake
