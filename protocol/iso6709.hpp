#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace protocol {

// A place on earth in degrees: latitude -90 to 90, longitude -180 to 180, north and east positive.
struct Iso6709 {
    double latitude;
    double longitude;
};

// Whether the text is a latitude and a longitude in ISO 6709 decimal degrees and nothing else, as
// in "+34.068930-118.445127": a sign each, up to two and three integer digits, and optionally a
// point with any number of decimals. The range is decided exactly, however many decimals there are.
bool is_iso6709(std::string_view text);

// How many bytes such a location takes at the front of the text; 0 if none stands there.
std::size_t iso6709_size(std::string_view text);

// Its value, rounded to the nearest double. Nothing if `is_iso6709` does not hold.
std::optional<Iso6709> parse_iso6709(std::string_view text);

}  // namespace protocol
