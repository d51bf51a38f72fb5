#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace protocol {

// A place on earth in degrees: latitude -90 to 90, longitude -180 to 180, north and east positive.
struct Iso6709 {
    double latitude = 0;
    double longitude = 0;

    friend bool operator==(const Iso6709&, const Iso6709&) = default;
};

// The same in whole ten-millionths of a degree, a centimetre or less, counted from the south pole
// and, eastwards, from the antimeridian: two words that are cheap to read, keep and compare. What
// stands behind the seventh decimal is cut off.
struct Spot {
    static constexpr std::uint32_t per_degree = 10'000'000;
    static constexpr std::uint32_t latitude_max = 180 * per_degree;   // the north pole
    static constexpr std::uint32_t longitude_end = 360 * per_degree;  // the antimeridian again: 0
    static constexpr std::uint32_t latitude_mask = (1U << 31) - 1;

    std::uint32_t latitude : 31;  // at most latitude_max
    std::uint32_t cut : 1;        // There is an eighth decimal.
    std::uint32_t longitude;      // below longitude_end

    friend bool operator==(const Spot&, const Spot&) = default;
};

// Whether the text is a latitude and a longitude in ISO 6709 decimal degrees and nothing else, as
// in "+34.068930-118.445127": a sign each, up to two and three integer digits, and optionally a
// point with any number of decimals. The range is decided exactly, however many decimals there are.
bool is_iso6709(std::string_view text);

// How many bytes such a location takes at the front of the text; 0 if none stands there. Sets
// `spot`.
std::size_t read_iso6709(std::string_view text, Spot& spot);

// Its value, rounded to the nearest double. Nothing if `is_iso6709` does not hold.
std::optional<Iso6709> parse_iso6709(std::string_view text);

// The spot of a place; what its value has behind the seventh decimal counts as cut.
Spot spot_of(Iso6709 place);

// That of a spot: of one that is not cut the same as its text's, but that +180 degrees are -180.
Iso6709 degrees_of(Spot spot);

}  // namespace protocol
