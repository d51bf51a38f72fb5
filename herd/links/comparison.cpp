#include "herd/links/comparison.hpp"

#include <algorithm>
#include <cassert>

namespace herd::links {

bool Comparison::admits(std::uint32_t line, reactor::Instant now) {
    assert(line < lines);
    if (now < not_before_[line]) return false;
    not_before_[line] = now + round_min;
    return true;
}

bool Comparison::diverges(std::uint32_t bucket, std::uint64_t ours, std::uint64_t theirs) {
    assert(bucket < table::Digest::bucket_count);
    const std::uint64_t difference = ours ^ theirs;
    std::uint8_t& rounds = rounds_[bucket];
    std::uint8_t& needed = needed_[bucket];
    assert(needed <= rounds_max);
    assert(rounds < std::max(needed, rounds_min));
    if (difference == 0) {
        rounds = needed = 0;
    } else if (difference == difference_[bucket]) {
        ++rounds;
    } else {
        rounds = 1;
    }
    difference_[bucket] = difference;
    if (rounds < std::max(needed, rounds_min)) return false;
    needed = static_cast<std::uint8_t>(std::min(2 * rounds, int{rounds_max}));
    rounds = 0;
    return true;
}

}  // namespace herd::links
