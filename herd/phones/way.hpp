#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::phones {

// Whom an answer must please: each app takes something else for success, and some repeat for ever
// what was answered otherwise.
enum class Shape : std::uint8_t {
    plain,       // 200 and nothing: OsmAnd, Traccar Client, GPSLogger, Colota
    owntracks,   // a list
    overland,    // {"result":"ok"}, as JSON
    ulogger,     // {"error":false}
    phonetrack,  // {"done":1}
};

// What a path says of a request; views of it, as sent.
struct Way {
    Shape shape = Shape::plain;
    std::string_view token = {};   // empty: none
    std::string_view device = {};  // empty: none
};

// Where phones may report, with a slash behind it or not:
//
//   /   /log   /pub (OwnTracks)   /api (Overland)
//   /p/TOKEN   /p/TOKEN/DEVICE   ... and either with /client/index.php (ulogger) behind it
//   .../logPost/TOKEN/DEVICE (PhoneTrack)
//
// Nothing: it is none of these.
std::optional<Way> way_of(std::string_view path);

}  // namespace herd::phones
