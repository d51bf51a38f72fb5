#pragma once

#include "herd/sip_hash.hpp"
#include "reactor/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace herd::intake {

// How many of something one address may have in a second: unknown clients, where few slots are left
// (LocationTable::Capacity::reserve), so that one stranger does not take the last ones in a moment,
// and there is time to do something about it; or datagrams. What is on this very host, a proxy or a
// load test, may have as many as it likes. An address counts by its network.
//
// Counts in a fixed number of places, found by a keyed hash: addresses that share one share its
// quota. Owned by whoever asks it.
class Quota {
public:
    static constexpr std::size_t place_count = 1024;

    // That of a setting, which may change.
    explicit Quota(const std::uint32_t& per_second) : per_second_(per_second) {}
    explicit Quota(std::uint32_t&& per_second) = delete;

    // Of an address's network, by a key that nobody knows.
    std::uint64_t hash_of(const reactor::Address& address);
    // Whether one more may come; counts it, if so. `now_s` in Wire::seconds.
    bool admits(const reactor::Address& from, std::uint32_t now_s);

private:
    struct Place {
        std::uint32_t second = 0;
        std::uint32_t count = 0;  // in that second
    };

    const std::uint32_t& per_second_;
    bool keyed_ = false;
    SipHash hash_;
    std::array<Place, place_count> places_{};
};

}  // namespace herd::intake
