#include "protocol/places_request.hpp"

#include "protocol/command.hpp"
#include "protocol/digits.hpp"
#include "protocol/text_writer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace protocol {
namespace {

void assert_in_range(const PlacesQuery& query) {
    assert(std::abs(query.latitude) <= 90);
    assert(std::abs(query.longitude) <= 180);
    assert(query.radius_mm <= radius_mm_max);
}

// Six decimals, and never a negative zero.
void put_degrees(TextWriter& writer, double degrees) {
    constexpr std::uint64_t scale = 1'000'000;
    const std::int64_t micro = std::llround(degrees * static_cast<double>(scale));
    const std::uint64_t magnitude = TextWriter::magnitude(micro);
    if (micro < 0) writer.put('-');
    writer.put_decimal(magnitude / scale);
    writer.put('.');
    writer.put_decimal(magnitude % scale, 6);
}

// Metres with up to three decimals, none of them a trailing zero.
void put_metres(TextWriter& writer, std::uint32_t radius_mm) {
    writer.put_decimal(radius_mm / 1000);
    std::uint32_t fraction = radius_mm % 1000;
    if (fraction == 0) return;
    std::size_t width = 3;
    for (; fraction % 10 == 0; fraction /= 10) --width;
    writer.put('.');
    writer.put_decimal(fraction, width);
}

bool is_unreserved(char byte) {
    constexpr std::string_view marks = "-._~";
    return is_digit(byte) || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           marks.find(byte) != std::string_view::npos;
}

void put_percent_encoded(TextWriter& writer, std::string_view text) {
    for (const char byte : text) {
        if (is_unreserved(byte)) {
            writer.put(byte);
            continue;
        }
        writer.put('%');
        writer.put_hex(static_cast<unsigned char>(byte), 2);
    }
}

}  // namespace

std::string_view format_legacy_path(std::span<char> out,
                                    const PlacesQuery& query,
                                    std::string_view key) {
    assert_in_range(query);
    TextWriter writer(out);
    writer.put("/maps/api/place/nearbysearch/json?location=");
    put_degrees(writer, query.latitude);
    writer.put(',');
    put_degrees(writer, query.longitude);
    writer.put("&radius=");
    put_metres(writer, query.radius_mm);
    if (!key.empty()) {
        writer.put("&key=");
        put_percent_encoded(writer, key);
    }
    assert(!writer.overflowed());
    return writer.text();
}

std::string_view format_new_body(std::span<char> out, const PlacesQuery& query) {
    assert_in_range(query);
    TextWriter writer(out);
    writer.put(R"({"locationRestriction":{"circle":{"center":{"latitude":)");
    put_degrees(writer, query.latitude);
    writer.put(R"(,"longitude":)");
    put_degrees(writer, query.longitude);
    writer.put(R"(},"radius":)");
    put_metres(writer, std::max(query.radius_mm, 1U));
    writer.put(R"(}},"maxResultCount":20,"rankPreference":"DISTANCE"})");
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace protocol
