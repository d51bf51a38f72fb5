#pragma once

#include "herd/outcome.hpp"
#include "protocol/iso6709.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace herd::offline {

// Decimal degrees, WGS 84.
using Coordinates = protocol::Iso6709;

// Whose data a place is; each has a notice to pass on.
enum class Source : std::uint8_t { geonames, ourairports, census };
inline constexpr std::size_t source_count = 3;

// The notice that an answer with places of this source must carry.
std::string_view notice(Source source);

enum class Kind : std::uint8_t { locality, neighborhood, airport, heliport, balloonport, zip_code };

// Google's names for a kind, the most telling first.
std::span<const std::string_view> types_of(Kind kind);

struct Place {
    std::string id;  // Unique, and the same as long as the place's row says the same.
    std::string name;
    std::string vicinity;  // "Los Angeles, US", or the country alone.
    Coordinates at;
    Kind kind = Kind::locality;
    Source source = Source::geonames;
};

// Every place of the data folder, read once. Invariant: sorted by id, without duplicates; all text
// is UTF-8 without control characters.
class PlaceTable {
public:
    // The error is "file:line: what is wrong".
    static Outcome<PlaceTable> load(const std::string& folder);

    std::span<const Place> places() const { return places_; }

private:
    std::vector<Place> places_;
};

// Where the tables are: `given` unless empty, else $HERD_DATA, else beside the program as built or
// as installed, else "data" in the working directory.
std::string find_data_folder(std::string_view given);

}  // namespace herd::offline
