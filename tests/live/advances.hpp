#pragma once

#include "bench/observer.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace live {

// What a slow server sees of each client: how long at the longest it stood still.
class Advances {
public:
    explicit Advances(std::uint64_t clients) : latest_(clients, 0) {}

    // Counts from the first of a phase.
    void begin() { std::ranges::fill(latest_, begun_ = 0); }
    void see(const bench::Sighting& sighting) {
        if (begun_ == 0) std::ranges::fill(latest_, begun_ = sighting.seen);
        worst_ = std::max(worst_, sighting.seen - latest_[sighting.client]);
        oldest_ = std::max(oldest_, sighting.seen - sighting.stamp);
        latest_[sighting.client] = sighting.seen;
        ++count_;
    }
    void end(std::int64_t now) {
        for (const std::int64_t latest : latest_) {
            worst_ = std::max(worst_, begun_ == 0 ? INT64_MAX : now - latest);
        }
    }
    double worst_s() const { return static_cast<double>(worst_) / 1e9; }
    double oldest_s() const { return static_cast<double>(oldest_) / 1e9; }
    std::uint64_t count() const { return count_; }

private:
    std::vector<std::int64_t> latest_;
    std::int64_t begun_ = 0;
    std::int64_t worst_ = 0;
    std::int64_t oldest_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace live
