#pragma once

#include "protocol/places_json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

// Reads a body of Google Places once, without storage of its own. Internal to protocol.
namespace protocol {

// A key that means something to us.
enum class PlacesKey : std::uint8_t {
    other,
    element,  // not a key: a place in an array
    details,
    display_name,
    error,
    formatted_address,
    id,
    latitude,
    location,
    longitude,
    message,
    places,
    reason,
    results,
    status,
    text,
    types,
};

enum class JsonKind : std::uint8_t { object, array, string, number, literal };

struct JsonValue {
    JsonKind kind;
    std::string_view json;     // its text in the body, with quotes or brackets
    std::string_view decoded;  // of a short string: what it means; else empty
};

// The open objects and arrays, each with where it begins and which of its members is being read.
class PlacesPath {
public:
    bool full() const { return depth_ == levels_.size(); }

    void enter(std::size_t begin, PlacesKey key) { levels_[depth_++] = Level{begin, key}; }

    // Returns where the level left behind begins.
    std::size_t leave() { return levels_[--depth_].begin; }

    void set_key(PlacesKey key) { levels_[depth_ - 1].key = key; }

    bool is(std::initializer_list<PlacesKey> keys) const {
        if (keys.size() != depth_) return false;
        return std::equal(
            keys.begin(), keys.end(), levels_.begin(), [](PlacesKey key, const Level& level) {
                return key == level.key;
            });
    }

private:
    struct Level {
        std::size_t begin;
        PlacesKey key;
    };

    std::array<Level, places_depth_max> levels_ = {};
    std::size_t depth_ = 0;
};

// What looks at the values of a body.
class PlacesVisitor {
public:
    PlacesVisitor() = default;
    PlacesVisitor(const PlacesVisitor&) = delete;
    PlacesVisitor& operator=(const PlacesVisitor&) = delete;

    // Called for each value when it has ended, so inner ones first. False means that it must not
    // be there, and ends the reading. `value` dies with the call, `value.json` with the body.
    virtual bool on_value(const PlacesPath& path, const JsonValue& value) = 0;

protected:
    ~PlacesVisitor() = default;
};

// Shows every value of the body to the visitor. Returns what is wrong with it, if anything.
std::optional<PlacesFault> walk_places(std::string_view body, PlacesVisitor& visitor);

}  // namespace protocol
