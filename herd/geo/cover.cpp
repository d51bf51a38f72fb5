#include "herd/geo/cover.hpp"

#include "herd/geo/cell.hpp"
#include "herd/geo/squares.hpp"

#include <algorithm>

namespace herd::geo {

void Cover::take(const Centre& centre, double radius_m) {
    const Squares squares(centre, radius_m, runs_max);
    const std::uint64_t square = first_key(std::uint64_t{1} << (2 * squares.size()));
    count_ = 0;
    squares.each([&](std::uint32_t row, std::uint32_t column) {
        const std::uint64_t from = square * code_of(row, column);
        runs_[count_++] = {from, from + square};
    });
    join();
}

// Puts them in order, and makes one of those that follow each other or are the same.
void Cover::join() {
    std::sort(runs_.begin(), runs_.begin() + count_, [](const Run& one, const Run& other) {
        return one.from < other.from;
    });
    std::size_t last = 0;
    for (std::size_t i = 1; i < count_; ++i) {
        if (runs_[i].from <= runs_[last].end) {
            runs_[last].end = runs_[i].end;
        } else {
            runs_[++last] = runs_[i];
        }
    }
    count_ = last + 1;
}

}  // namespace herd::geo
