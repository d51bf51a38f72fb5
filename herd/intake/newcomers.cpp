#include "herd/intake/newcomers.hpp"

#include "reactor/sys.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace herd::intake {

namespace {

// The part of an address that its owner cannot choose, as a view of it: of IPv6 the first half,
// which is what one subscriber has.
std::string_view network_of(const reactor::Address& address) {
    constexpr std::size_t v4_size = 4;
    constexpr std::size_t v6_prefix_size = 8;
    const std::size_t size = address.v6 ? v6_prefix_size : v4_size;
    return {reinterpret_cast<const char*>(address.bytes.data()), size};
}

}  // namespace

std::uint64_t Newcomers::hash_of(const reactor::Address& address) {
    if (!std::exchange(keyed_, true)) {
        hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
    }
    return hash_(network_of(address));
}

bool Newcomers::admits(const reactor::Address& from, std::uint32_t now_s) {
    if (from.is_loopback()) return true;
    Place& place = places_[hash_of(from) % place_count];
    if (place.second != now_s) place = {.second = now_s};
    if (place.count >= per_second_) return false;
    ++place.count;
    return true;
}

}  // namespace herd::intake
