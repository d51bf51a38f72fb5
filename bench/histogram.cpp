#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {

// The highest step_bits + 1 bits of a value, and how far they are shifted.
std::size_t Histogram::bucket(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > step_bits + 1 ? width - step_bits - 1 : 0;
    return (std::uint64_t{shift} << step_bits) + (value >> shift);
}

std::uint64_t Histogram::upper(std::size_t bucket) {
    if (bucket < 2 * steps) return bucket;
    const std::uint64_t shift = (bucket >> step_bits) - 1;
    const std::uint64_t lower = (bucket - (shift << step_bits)) << shift;
    return lower + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::record(std::int64_t ns, std::uint64_t times) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    counts_[bucket(value)] += times;
    count_ += times;
    max_ = std::max(max_, value);
    sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void Histogram::merge(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
}

double Histogram::mean() const {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::uint64_t Histogram::quantile(double share) const {
    if (count_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        passed += counts_[i];
        if (passed >= std::max<std::uint64_t>(wanted, 1)) return std::min(upper(i), max_);
    }
    return max_;
}

}  // namespace bench
