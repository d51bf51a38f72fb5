#include "herd/geo/squares.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace herd::geo {

namespace {

constexpr double slack = 1e-6;  // degrees

// How far east and west of its centre a circle reaches; all in degrees.
double half_width(const Centre& centre, double reach) {
    if (std::abs(centre.at().latitude) + reach >= 90) return 180;
    const double width = std::sin(reach * radians) / centre.across();
    return width >= 1 ? 180 : std::asin(width) / radians * 1.0001 + slack;
}

}  // namespace

Squares::Squares(const Centre& centre, double radius_m, std::uint64_t most) {
    assert(radius_m >= 0);
    assert(most >= 4);
    const double reach = radius_m / earth_radius_m / radians + slack;
    assert(reach <= 90.1);
    const double width = half_width(centre, reach);
    const auto [latitude, longitude] = centre.at();
    rows_ = {Cell::row_of(std::max(latitude - reach, -90.0)),
             Cell::row_of(std::min(latitude + reach, 90.0))};
    const bool all = width >= 180;
    const double west = longitude - width;
    const double east = longitude + width;
    columns_[0] = {all || west < -180 ? 0 : Cell::column_of(west),
                   all || east >= 180 ? Cell::column_max : Cell::column_of(east)};
    if (!all && west < -180) columns_[parts_++] = {Cell::column_of(west + 360), Cell::column_max};
    if (!all && east >= 180) columns_[parts_++] = {0, Cell::column_of(east - 360)};
    while (count() > most) ++size_;
}

std::uint64_t Squares::count() const {
    std::uint64_t columns = 0;
    for (std::size_t part = 0; part < parts_; ++part) columns += columns_[part].squares(size_);
    return rows_.squares(size_) * columns;
}

}  // namespace herd::geo
