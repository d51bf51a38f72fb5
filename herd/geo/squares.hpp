#pragma once

#include "herd/geo/cell.hpp"
#include "herd/geo/sphere.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace herd::geo {

// The squares that touch a circle: of 2^size by 2^size cells each, the smallest size of which no
// more than `most` do. The circle is taken a little too wide, as what lies outside is sorted out
// one by one: so neither rounding nor a spot's missing decimals matter.
class Squares {
public:
    // `radius_m` at most a quarter of the way round the earth; `most` at least 4.
    Squares(const Centre& centre, double radius_m, std::uint64_t most);

    unsigned size() const { return size_; }
    // Calls visit(row, column), in squares of that size, for each of them once.
    template <class Visit>
    void each(Visit visit) const {
        for (std::size_t part = 0; part < parts_; ++part) {
            const Range& columns = columns_[part];
            for (std::uint32_t row = rows_.first >> size_; row <= rows_.last >> size_; ++row) {
                for (std::uint32_t column = columns.first >> size_; column <= columns.last >> size_;
                     ++column) {
                    visit(row, column);
                }
            }
        }
    }

private:
    // The first and the last row, or column, of cells.
    struct Range {
        std::uint32_t first;
        std::uint32_t last;

        std::uint64_t squares(unsigned size) const { return (last >> size) - (first >> size) + 1; }
    };

    std::uint64_t count() const;

    Range rows_;
    std::array<Range, 2> columns_{};  // Across the antimeridian there are two parts.
    std::size_t parts_ = 1;
    unsigned size_ = 0;
};

}  // namespace herd::geo
