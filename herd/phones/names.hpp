#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace herd::phones {

// What phones call the things that are read of a message.
enum class Field : std::uint8_t {
    other,
    type,  // "_type"
    latitude,
    longitude,
    timestamp,
    time,
    tst,
    accuracy,
    id,
    deviceid,
    device_id,
    unique_id,
    tid,
    topic,
    u,
    d,
    location,
    locations,
    current,
    coords,
    geometry,
    coordinates,
    properties,
};

Field field_of(std::string_view name);

// Of the fields that name a device, as sources of a Name: the first of these counts. Nothing: it
// names none.
std::optional<std::uint8_t> device_source(Field field);
inline constexpr std::uint8_t topic_source = 0;

// Who "BASE/USER/DEVICE/..." is of, as OwnTracks has it. Both empty: the topic has fewer parts.
struct Topic {
    std::string_view user = {}, device = {};
};
Topic split_topic(std::string_view topic);

}  // namespace herd::phones
