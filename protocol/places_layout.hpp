#pragma once

#include "protocol/places_json.hpp"
#include "protocol/text_writer.hpp"

#include <string_view>

// How the legacy service lays out its JSON: three blanks a level, blanks around the colon, keys in
// alphabetical order. A writer too small for it overflows. Internal to protocol.
namespace protocol {

// A place as pieces of JSON text, quotes and brackets included. An absent one is empty.
struct PlaceTexts {
    std::string_view latitude;
    std::string_view longitude;
    std::string_view name;
    std::string_view place_id;
    std::string_view types;  // an array of strings
    std::string_view vicinity;
};

// Adds a place to the results; `is_first` if none stands there yet.
void put_place(TextWriter& writer, const PlaceTexts& place, bool is_first);

// What comes before the first place and behind the last.
void put_places_begin(TextWriter& writer);
void put_places_end(TextWriter& writer, PlacesStatus status);

// A whole answer without places. The message is JSON text; empty for none.
void put_no_places(TextWriter& writer, PlacesStatus status, std::string_view message);

// The answer, unless it did not fit.
std::expected<ShapedPlaces, PlacesFault> finish_places(const TextWriter& writer,
                                                       PlacesStatus status);

}  // namespace protocol
