#pragma once

#include "herd/sip_hash.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace herd::phones {

// Lets the log say of each phone no more than once a minute that something of it was ignored: a
// phone that sends nonsense sends it all day. Phones that share a place share its line.
class Complaints {
public:
    static constexpr std::size_t place_count = 1024;
    static constexpr std::uint32_t pause_s = 60;

    // Whether there may be a line of this one now; then there is none for a minute. `now_s` in
    // Wire::seconds.
    bool admit(std::string_view who, std::uint32_t now_s) {
        if (!std::exchange(keyed_, true)) {
            hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
        }
        std::uint32_t& free_at = places_[hash_(who) % place_count];
        if (now_s < free_at) return false;
        free_at = now_s + pause_s;
        return true;
    }

private:
    bool keyed_ = false;
    SipHash hash_;
    std::array<std::uint32_t, place_count> places_{};  // From when on each has a line.
};

}  // namespace herd::phones
