#pragma once

#include "herd/phones/name.hpp"
#include "herd/phones/names.hpp"
#include "herd/phones/sighting.hpp"
#include "herd/phones/sink.hpp"
#include "protocol/json_scanner.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::phones {

// Positions in a request's body that is JSON, as it comes, each told as soon as it is complete:
//
//   {"_type": "location", "lat", "lon", "tst", "topic", "tid"}           OwnTracks
//   {"locations": [FEATURE...], "current": FEATURE, "device_id"}         Overland
//     FEATURE: {"geometry": {"coordinates": [lon, lat]},
//               "properties": {"timestamp", "horizontal_accuracy", "device_id", "unique_id"}}
//   {"location": {"timestamp", "coords": {"latitude", "longitude"}}, "device_id"}   Traccar Client
//   9
//   {"lat", "lon", "timestamp" or "time" or "tst", "id"...}              all others
//
// or a list of such objects. Members come in any order, and those nobody knows are skipped.
class JsonDecoder {
public:
    // All of it is taken.
    void feed(std::string_view bytes, Sink& sink);
    // Nothing comes any more.
    void finish(Sink& sink);

    // It is no JSON. What it has said up to there has been told.
    bool broken() const { return broken_; }
    // Nothing: it has not shown yet.
    std::optional<Dialect> dialect() const { return dialect_; }

private:
    using Token = protocol::JsonScanner::Token;

    // What an object or a list that is open is.
    enum class Place : std::uint8_t {
        list,    // of records
        record,  // an object at the top
        location,
        coords,
        locations,
        feature,
        geometry,
        coordinates,
        properties,
        other,
    };
    enum class Type : std::uint8_t { none, location, encrypted, other };

    struct Record {
        Sighting sighting;
        Name user, device, tid;
        Type type = Type::none;
        bool overland = false;
    };
    struct Feature {
        Sighting sighting;
        Name device, unique_id;
    };

    void take(Token token, Sink& sink);
    Place place_of(bool is_object) const;
    Place list_in(Place place) const;
    Place object_in(Place place) const;
    void enter(Place place);
    void leave(Sink& sink);
    void set(std::string_view text, bool cut);
    void set_record(std::string_view text, bool cut);
    void end_feature(Sink& sink);
    void end_record(Sink& sink);
    void tell_held(Sink& sink);
    Place top() const { return places_[depth_ - 1U]; }

    protocol::JsonScanner scanner_;
    std::array<Place, protocol::JsonScanner::depth_max> places_{};  // Those that are open.
    std::uint8_t depth_ = 0;
    std::uint8_t coordinate_ = 0;  // How many of a list of these have come.
    Field field_ = Field::other;   // Of the object at hand, whose value comes.
    bool broken_ = false;
    std::optional<Dialect> dialect_;
    Record record_;
    Feature feature_;
    // Of the features that do not say whose they are the newest one, until it shows whether the
    // record does: they are all of one phone.
    std::optional<Feature> held_;
};

}  // namespace herd::phones
