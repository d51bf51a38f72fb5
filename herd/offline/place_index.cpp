#include "herd/offline/place_index.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace herd::offline {
namespace {

constexpr double earth_radius_m = 6'371'008.8;
constexpr double radians = std::numbers::pi / 180;

constexpr double band_height = 0.25;  // degrees
constexpr std::size_t band_count = static_cast<std::size_t>(180 / band_height);
static_assert(double{band_count} * band_height == 180);

// Stretches are taken a little too wide, as what lies outside the circle is sorted out one by one.
constexpr double slack = 1e-6;  // degrees

// How far east and west of `latitude` a circle reaches; all in degrees.
double half_width(double latitude, double reach) {
    assert(reach >= 0);
    if (std::abs(latitude) + reach >= 90) return 180;
    const double sine = std::sin(reach * radians) / std::cos(latitude * radians);
    if (sine >= 1) return 180;
    return std::asin(sine) / radians * 1.0001;
}

std::vector<Coordinates> coordinates_of(std::span<const Place> places) {
    std::vector<Coordinates> points;
    points.reserve(places.size());
    for (const Place& place : places) points.push_back(place.at);
    return points;
}

bool nearer(const Hit& a, const Hit& b) {
    return a.distance_m != b.distance_m ? a.distance_m < b.distance_m : a.place < b.place;
}

}  // namespace

// One call of nearest(): the best so far are a heap in `out`, the farthest on top.
class PlaceIndex::Search {
public:
    Search(Coordinates centre, double radius_m, std::span<Hit> out, Accept accept)
        : centre_(entry(centre, 0)), radius_m_(radius_m), out_(out), accept_(accept) {
        assert(!out.empty());
        const double half_chord = std::sin(radius_m / 2 / earth_radius_m);
        haversine_max_ = half_chord * half_chord * (1 + 1e-9) + 1e-30;
    }

    // Looks at the points of one band whose longitudes are from `west` to `east`.
    void look_at(std::span<const Entry> band, double west, double east) {
        const auto is_west = [](const Entry& point, double bound) {
            return point.longitude < bound;
        };
        for (auto at = std::lower_bound(band.begin(), band.end(), west, is_west);
             at != band.end() && at->longitude <= east;
             ++at) {
            consider(*at);
        }
    }

    std::span<Hit> finish() {
        const std::span<Hit> found = out_.first(count_);
        std::sort_heap(found.begin(), found.end(), nearer);
        return found;
    }

private:
    void consider(const Entry& point) {
        const double dx = point.x - centre_.x;
        const double dy = point.y - centre_.y;
        const double dz = point.z - centre_.z;
        // The square of half the chord is what the haversine formula computes from angles.
        const double haversine = (dx * dx + dy * dy + dz * dz) / 4;
        if (haversine > haversine_max_) return;
        const Hit hit{point.place, 2 * earth_radius_m * std::asin(std::sqrt(haversine))};
        if (hit.distance_m > radius_m_) return;
        assert(count_ <= out_.size());
        if (count_ == out_.size() && !nearer(hit, out_[0])) return;
        if (accept_ && !accept_(hit.place)) return;
        if (count_ == out_.size()) {
            std::pop_heap(out_.begin(), out_.end(), nearer);
            --count_;
        }
        out_[count_++] = hit;
        const std::span<Hit> found = out_.first(count_);
        std::push_heap(found.begin(), found.end(), nearer);
    }

    Entry centre_;
    double radius_m_;
    double haversine_max_;  // What is above it is surely outside.
    std::span<Hit> out_;
    Accept accept_;
    std::size_t count_ = 0;
};

double distance_m(Coordinates from, Coordinates to) {
    const double up = std::sin((to.latitude - from.latitude) * radians / 2);
    const double aside = std::sin((to.longitude - from.longitude) * radians / 2);
    const double scale = std::cos(from.latitude * radians) * std::cos(to.latitude * radians);
    const double haversine = up * up + scale * aside * aside;
    return 2 * earth_radius_m * std::asin(std::min(1.0, std::sqrt(haversine)));
}

PlaceIndex::PlaceIndex(const PlaceTable& table) : PlaceIndex(coordinates_of(table.places())) {}

PlaceIndex::PlaceIndex(std::span<const Coordinates> points) : bands_(band_count + 1) {
    std::vector<std::size_t> bands(points.size());
    entries_.reserve(points.size());
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        assert(std::abs(points[i].latitude) <= 90);
        assert(std::abs(points[i].longitude) <= 180);
        entries_.push_back(entry(points[i], i));
        bands[i] = band_of(points[i].latitude);
        ++bands_[bands[i] + 1];
    }
    for (std::size_t band = 0; band < band_count; ++band) bands_[band + 1] += bands_[band];
    assert(bands_.front() == 0);
    assert(bands_.back() == entries_.size());
    std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
        const std::size_t a_band = bands[a.place];
        const std::size_t b_band = bands[b.place];
        return a_band != b_band ? a_band < b_band : a.longitude < b.longitude;
    });
}

std::span<Hit> PlaceIndex::nearest(Coordinates centre,
                                   double radius_m,
                                   std::span<Hit> out,
                                   Accept accept) const {
    assert(std::abs(centre.latitude) <= 90);
    assert(std::abs(centre.longitude) <= 180);
    assert(radius_m >= 0);
    assert(radius_m <= radius_m_max);
    if (out.empty()) return out;
    Search search(centre, radius_m, out, accept);
    const double reach = radius_m / earth_radius_m / radians + slack;
    const double width = half_width(centre.latitude, reach) + slack;
    const double west = entry(centre, 0).longitude - width;
    const double east = entry(centre, 0).longitude + width;
    const std::size_t last = band_of(centre.latitude + reach);
    for (std::size_t i = band_of(centre.latitude - reach); i <= last; ++i) {
        const auto band = std::span(entries_).subspan(bands_[i], bands_[i + 1] - bands_[i]);
        if (band.empty()) continue;
        if (width >= 180) {
            search.look_at(band, -180, 180);
            continue;
        }
        search.look_at(band, west, east);
        if (west < -180) search.look_at(band, west + 360, 180);
        if (east >= 180) search.look_at(band, -180, east - 360);
    }
    return search.finish();
}

PlaceIndex::Entry PlaceIndex::entry(Coordinates at, std::uint32_t place) {
    // A pole is one point, whatever longitude it is given.
    const bool pole = std::abs(at.latitude) == 90;
    const double across = pole ? 0 : std::cos(at.latitude * radians);
    const double longitude = at.longitude == 180 ? -180 : at.longitude;
    return {longitude,
            across * std::cos(longitude * radians),
            across * std::sin(longitude * radians),
            std::sin(at.latitude * radians),
            place};
}

std::size_t PlaceIndex::band_of(double latitude) {
    const double band = std::floor((latitude + 90) / band_height);
    return static_cast<std::size_t>(std::clamp(band, 0.0, double{band_count - 1}));
}

}  // namespace herd::offline
