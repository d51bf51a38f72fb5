#pragma once

#include <cstdint>
#include <vector>

namespace bench {

// Counts of durations in nanoseconds, in log-linear buckets: each power of two is cut into
// `steps` equal parts, so a value read back is at most 1/128 (0.8 %) above the one recorded.
// Small values, up to 2 * steps, are exact. Recording takes a few nanoseconds and never allocates.
class Histogram {
public:
    static constexpr unsigned step_bits = 7;
    static constexpr std::uint64_t steps = std::uint64_t{1} << step_bits;

    Histogram() : counts_((64 - step_bits + 1) << step_bits) {}

    // Negative durations, which a stepped clock may show, count as 0.
    void record(std::int64_t ns, std::uint64_t times = 1);
    void merge(const Histogram& other);
    void clear() { *this = Histogram(); }

    std::uint64_t count() const { return count_; }
    // 0 when nothing was recorded; max is exact.
    std::uint64_t max() const { return max_; }
    double mean() const;
    // The smallest value that at least this share (0 to 1) of what was recorded does not exceed.
    std::uint64_t quantile(double share) const;

    // Calls see(upper value, count) for every bucket that is not empty, in ascending order.
    template <class See>
    void for_each_bucket(See see) const {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] > 0) see(upper(i), counts_[i]);
        }
    }

private:
    static std::size_t bucket(std::uint64_t value);
    static std::uint64_t upper(std::size_t bucket);

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace bench
