#pragma once

#include "reactor/time.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace reactor {

// How often something took how long: a count for each bound, of what took no longer than that and
// longer than the one before, and one for all that took longer. The bounds are in rising order and
// outlive this.
class TimeHistogram {
public:
    static constexpr std::size_t bounds_max = 12;

    explicit TimeHistogram(std::span<const Duration> bounds) : bounds_(bounds) {
        assert(bounds.size() <= bounds_max);
    }

    void note(Duration time) {
        std::size_t place = 0;
        while (place < bounds_.size() && time > bounds_[place]) ++place;
        ++counts_[place];
        sum_ += time;
    }

    std::span<const Duration> bounds() const { return bounds_; }
    // Of one bound more than there are: of all that took longer.
    std::uint64_t count(std::size_t place) const { return counts_[place]; }
    Duration sum() const { return sum_; }

private:
    std::span<const Duration> bounds_;
    std::array<std::uint64_t, bounds_max + 1> counts_{};
    Duration sum_{};
};

}  // namespace reactor
