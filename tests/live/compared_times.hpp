#pragma once

#include "bench/histogram.hpp"
#include "tests/live/slow_crowd.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace live {

// Durations under each manner of a crowd, compared round by round: in between, the machine may have
// become another one.
class ComparedTimes {
public:
    void record(Manner manner, std::int64_t ns) { round_[index(manner)].record(ns); }
    void end_round() {
        for (std::size_t i = 0; i < manners; ++i) {
            for (std::size_t s = 0; s < shares.size(); ++s) {
                figures_[i][s].push_back(static_cast<double>(round_[i].quantile(shares[s])) / 1e3);
            }
            round_[i].clear();
        }
    }

    // Of the rounds' medians, and of their 99 in 100, the median, in us.
    double p50(Manner manner) const { return median(figures_[index(manner)][0]); }
    double p99(Manner manner) const { return median(figures_[index(manner)][1]); }
    // The median over the rounds of how many times one manner's figure is the other's.
    double ratio_p50(Manner manner, Manner base) const { return ratio(manner, base, 0); }
    double ratio_p99(Manner manner, Manner base) const { return ratio(manner, base, 1); }

private:
    static constexpr std::size_t manners = 3;
    static constexpr std::array shares = {0.5, 0.99};

    static std::size_t index(Manner manner) { return static_cast<std::size_t>(manner); }
    static double median(std::vector<double> values) {
        std::ranges::sort(values);
        const std::size_t middle = values.size() / 2;
        return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
    double ratio(Manner manner, Manner base, std::size_t share) const {
        std::vector<double> ratios;
        for (std::size_t round = 0; round < figures_[0][0].size(); ++round) {
            ratios.push_back(figures_[index(manner)][share][round] /
                             figures_[index(base)][share][round]);
        }
        return median(std::move(ratios));
    }

    std::array<bench::Histogram, manners> round_{};
    // By manner, share and round.
    std::array<std::array<std::vector<double>, shares.size()>, manners> figures_{};
};

}  // namespace live
