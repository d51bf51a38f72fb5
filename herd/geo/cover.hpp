#pragma once

#include "herd/geo/sphere.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace herd::geo {

// A few runs of keys, in their order, that together have all those of slots within a circle, and
// of some around it: the squares of the smallest size of which no more than `runs_max` touch the
// circle. Near a pole, where squares are long and narrow, these are much larger than the circle.
class Cover {
public:
    static constexpr std::size_t runs_max = 32;
    static constexpr double radius_m_max = 2'000'000;
    // Keys from `from` on that are below `end`.
    struct Run {
        std::uint64_t from;
        std::uint64_t end;
    };

    // `radius_m` from 0 to radius_m_max.
    void take(const Centre& centre, double radius_m);

    std::span<const Run> runs() const { return std::span(runs_).first(count_); }
    // How far the circle reaches east and west of its centre, in degrees; 180: all round a pole.
    double half_width() const { return half_width_; }

private:
    void join();

    double half_width_ = 0;
    std::array<Run, runs_max> runs_;
    std::size_t count_ = 0;
};

}  // namespace herd::geo
