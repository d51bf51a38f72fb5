#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace protocol {

// What is asked of Google Places: everything within a radius. Degrees within ISO 6709's range, the
// radius at most radius_mm_max.
struct PlacesQuery {
    double latitude;
    double longitude;
    std::uint32_t radius_mm;
};

// What to send with the query as X-Goog-FieldMask; without it the service refuses.
constexpr std::string_view places_field_mask =
    "places.id,places.displayName,places.formattedAddress,places.location,places.types";

// How many bytes format_legacy_path needs at most: an escaped byte of the key takes three.
constexpr std::size_t legacy_path_size_max(std::string_view key) {
    return 128 + 3 * key.size();
}

constexpr std::size_t new_body_size_max = 256;

// Nearby Search (legacy): the path and query of a GET, with the coordinates rounded to six
// decimals. The key comes last, percent-encoded; an empty one is left out. A view of `out`, which
// must hold legacy_path_size_max.
std::string_view format_legacy_path(std::span<char> out,
                                    const PlacesQuery& query,
                                    std::string_view key);

// Places API (New): the JSON body of a POST to searchNearby for the 20 nearest places. As that
// service refuses a radius of nothing, a millimetre is asked for instead. A view of `out`, which
// must hold new_body_size_max.
std::string_view format_new_body(std::span<char> out, const PlacesQuery& query);

}  // namespace protocol
