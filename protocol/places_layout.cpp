#include "protocol/places_layout.hpp"

#include <cassert>

namespace protocol {
namespace {

constexpr std::string_view error_message_key = "\n   \"error_message\" : ";
constexpr std::string_view results_begin = "\n   \"html_attributions\" : [],\n   \"results\" : [";
constexpr std::string_view status_begin = "],\n   \"status\" : \"";
constexpr std::string_view status_end = "\"\n}";

void put_geometry(TextWriter& writer, const PlaceTexts& place) {
    writer.put(
        "\n         \"geometry\" : {"
        "\n            \"location\" : {"
        "\n               \"lat\" : ");
    writer.put(place.latitude);
    writer.put(",\n               \"lng\" : ");
    writer.put(place.longitude);
    writer.put("\n            }\n         }");
}

// The size of the string at the front of a JSON text, with its quotes.
std::size_t string_size(std::string_view json) {
    std::size_t size = 1;
    while (json[size] != '"') size += json[size] == '\\' ? 2U : 1U;
    return size + 1;
}

// `types` on one line, however they came.
void put_types(TextWriter& writer, std::string_view types) {
    bool is_first = true;
    writer.put('[');
    for (std::size_t at = 0; at < types.size();) {
        if (types[at] != '"') {
            ++at;
            continue;
        }
        const std::string_view type = types.substr(at, string_size(types.substr(at)));
        writer.put(is_first ? " " : ", ");
        writer.put(type);
        is_first = false;
        at += type.size();
    }
    writer.put(is_first ? "]" : " ]");
}

// The size of the UTF-8 sequence at the front of `text`; 0 if what stands there is none.
std::size_t sequence_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 0 || lead > 0xF4 || text.size() < size) return 0;
    // Refuses overlong forms, surrogates and what lies beyond U+10FFFF.
    const unsigned second_min = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned second_max = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < second_min || byte(1) > second_max) return 0;
    for (std::size_t i = 2; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    return size;
}

// Writes the character at the front of `text` as in a JSON string and returns how many bytes of
// `text` it took.
std::size_t put_character(TextWriter& writer, std::string_view text) {
    const std::size_t size = sequence_size(text);
    const char byte = text.front();
    if (size == 0) {
        writer.put("\xEF\xBF\xBD");
    } else if (byte == '"' || byte == '\\') {
        writer.put('\\');
        writer.put(byte);
    } else if (static_cast<unsigned char>(byte) < 0x20) {
        writer.put("\\u");
        writer.put_hex(static_cast<unsigned char>(byte), 4);
    } else {
        writer.put(text.substr(0, size));
    }
    return size == 0 ? 1 : size;
}

// Writes as many whole characters as fit.
void put_characters(TextWriter& writer, std::string_view text) {
    while (!text.empty()) {
        const std::size_t before = writer.size();
        text.remove_prefix(put_character(writer, text));
        if (writer.overflowed()) return writer.shrink(before);
    }
}

}  // namespace

std::expected<ShapedPlaces, PlacesFault> finish_places(const TextWriter& writer,
                                                       PlacesStatus status) {
    if (writer.overflowed()) return std::unexpected(PlacesFault::too_large);
    return ShapedPlaces{writer.text(), status};
}

void put_place(TextWriter& writer, const PlaceTexts& place, bool is_first) {
    writer.put(is_first ? "\n      {" : ",\n      {");
    std::string_view separator;
    const auto put_field = [&](std::string_view key, std::string_view value) {
        if (value.empty()) return;
        writer.put(separator);
        writer.put(key);
        writer.put(value);
        separator = ",";
    };
    if (!place.latitude.empty() && !place.longitude.empty()) {
        put_geometry(writer, place);
        separator = ",";
    }
    put_field("\n         \"name\" : ", place.name);
    put_field("\n         \"place_id\" : ", place.place_id);
    if (!place.types.empty()) {
        writer.put(separator);
        writer.put("\n         \"types\" : ");
        put_types(writer, place.types);
        separator = ",";
    }
    put_field("\n         \"vicinity\" : ", place.vicinity);
    writer.put("\n      }");
}

void put_places_begin(TextWriter& writer) {
    writer.put('{');
    writer.put(results_begin);
}

void put_places_end(TextWriter& writer, PlacesStatus status) {
    writer.put("\n   ");
    writer.put(status_begin);
    writer.put(to_text(status));
    writer.put(status_end);
}

void put_no_places(TextWriter& writer, PlacesStatus status, std::string_view message) {
    writer.put('{');
    if (!message.empty()) {
        writer.put(error_message_key);
        writer.put(message);
        writer.put(',');
    }
    writer.put(results_begin);
    writer.put(status_begin);
    writer.put(to_text(status));
    writer.put(status_end);
}

std::string_view format_places_failure(std::span<char> out,
                                       PlacesStatus status,
                                       std::string_view message) {
    assert(out.size() >= places_failure_size_min);
    if (message.empty()) return format_no_places(out, status);
    const std::size_t behind = std::string_view("\",").size() + results_begin.size() +
                               status_begin.size() + to_text(status).size() + status_end.size();
    // Written into the front part first: an overflow there only ends the message.
    TextWriter head(out.first(out.size() - behind));
    head.put('{');
    head.put(error_message_key);
    head.put('"');
    put_characters(head, message);

    TextWriter tail(out.subspan(head.size()));
    tail.put("\",");
    tail.put(results_begin);
    tail.put(status_begin);
    tail.put(to_text(status));
    tail.put(status_end);
    assert(!tail.overflowed());
    return {out.data(), head.size() + tail.size()};
}

std::string_view format_no_places(std::span<char> out, PlacesStatus status) {
    assert(out.size() >= places_failure_size_min);
    TextWriter writer(out);
    put_no_places(writer, status, "");
    assert(!writer.overflowed());
    return writer.text();
}

}  // namespace protocol
