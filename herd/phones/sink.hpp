#pragma once

#include "herd/phones/sighting.hpp"

#include <cstdint>
#include <string_view>

namespace herd::phones {

// In which way a phone says where it is.
enum class Dialect : std::uint8_t {
    flat,       // fields, or an object of them: OsmAnd, Traccar Client, GPSLogger, Colota, ...
    owntracks,  // an object with "_type"
    overland,   // a list of GeoJSON's features, "locations"
};

// Whose position it is, as far as the message says so; views for the length of a call.
struct Sender {
    std::string_view user = {};    // of OwnTracks' topic
    std::string_view device = {};  // by its best name
    std::string_view last = {};    // what may be taken where there is no better one
    bool too_long = false;         // One of these was longer than Name::size_max.
};

// Who takes what a decoder finds, as soon as it is complete.
class Sink {
public:
    virtual void on_sighting(Dialect dialect, const Sighting& sighting, const Sender& sender) = 0;
    // Whether that would be taken, whoever it is of.
    virtual bool would_take(Dialect dialect, const Sighting& sighting) const = 0;
    // A message that was encrypted for somebody else.
    virtual void on_encrypted() = 0;
    // One that says of itself that it is not about where its phone is.
    virtual void on_other() = 0;

protected:
    ~Sink() = default;
};

}  // namespace herd::phones
