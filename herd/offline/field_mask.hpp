#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace herd::offline {

// Which fields of a place a caller of the New service wants to see: comma-separated paths as in
// "places.id,places.displayName", or "*" for all. Fields that Google has and this service knows
// nothing of may be asked for too, and stay absent.
class FieldMask {
public:
    // The fields there is something to say about.
    enum class Field : std::uint8_t {
        name,
        id,
        types,
        formatted_address,
        latitude,
        longitude,
        display_text,
        provider,
        provider_uri,
        primary_type,
    };

    // Fails with the path that names no field.
    static std::expected<FieldMask, std::string_view> parse(std::string_view text);

    bool has(Field field) const { return (bits_ & bit(field)) != 0; }

private:
    static std::uint32_t bit(Field field) { return 1U << static_cast<unsigned>(field); }

    bool add(std::string_view path);

    std::uint32_t bits_ = 0;
};

}  // namespace herd::offline
