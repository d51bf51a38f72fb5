#include "herd/geo/cover.hpp"

#include "herd/geo/cell.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace herd::geo {

namespace {

// Circles are taken a little too wide, as what lies outside is sorted out one by one: so neither
// rounding nor a spot's missing decimals matter.
constexpr double slack = 1e-6;  // degrees

// How far east and west of its centre a circle reaches; all in degrees.
double half_width(const Centre& centre, double reach) {
    if (std::abs(centre.at().latitude) + reach >= 90) return 180;
    const double width = std::sin(reach * radians) / centre.across();
    return width >= 1 ? 180 : std::asin(width) / radians * 1.0001 + slack;
}

}  // namespace

void Cover::take(const Centre& centre, double radius_m) {
    assert(radius_m >= 0);
    assert(radius_m <= radius_m_max);
    const double reach = radius_m / earth_radius_m / radians + slack;
    const double width = half_width(centre, reach);
    const auto [latitude, longitude] = centre.at();
    const Range rows{Cell::row_of(std::max(latitude - reach, -90.0)),
                     Cell::row_of(std::min(latitude + reach, 90.0))};
    // Across the antimeridian there are two parts.
    const bool all = width >= 180;
    const double west = longitude - width;
    const double east = longitude + width;
    Range columns{all || west < -180 ? 0 : Cell::column_of(west),
                  all || east >= 180 ? Cell::column_max : Cell::column_of(east)};
    Range others{1, 0};
    if (!all && west < -180) others = {Cell::column_of(west + 360), Cell::column_max};
    if (!all && east >= 180) others = {0, Cell::column_of(east - 360)};
    const bool apart = others.first <= others.last;
    unsigned size = 0;
    const auto squares = [&] {
        return rows.squares(size) * (columns.squares(size) + (apart ? others.squares(size) : 0));
    };
    while (squares() > runs_max) ++size;
    // Of this size there are fourteen in a row, and no circle reaches into three rows.
    assert(size <= 14);
    count_ = 0;
    add(rows, columns, size);
    if (apart) add(rows, others, size);
    join();
}

void Cover::add(Range rows, Range columns, unsigned size) {
    const std::uint64_t square = first_key(std::uint64_t{1} << (2 * size));
    for (std::uint32_t row = rows.first >> size; row <= rows.last >> size; ++row) {
        for (std::uint32_t column = columns.first >> size; column <= columns.last >> size;
             ++column) {
            const std::uint64_t from = square * code_of(row, column);
            runs_[count_++] = {from, from + square};
        }
    }
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
