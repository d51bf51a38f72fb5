#include "herd/offline/new_search.hpp"

#include "herd/offline/field_mask.hpp"
#include "herd/offline/json_writer.hpp"
#include "herd/offline/new_search_body.hpp"

#include <cassert>

namespace herd::offline {
namespace {

using Field = FieldMask::Field;

struct Failure {
    unsigned code;
    std::string_view status;
    std::string_view message;
    std::string_view reason = {};  // Of an ErrorInfo; empty: none.
};

void write_failure(const Failure& failure, Answer& answer) {
    assert(failure.code >= 400);
    assert(!failure.message.empty());
    answer.start(failure.code, http::json_type);
    JsonWriter json(answer.body, JsonWriter::Layout::new_api);
    json.begin_object();
    json.key("error");
    json.begin_object();
    json.key("code");
    json.number(std::uint64_t{failure.code});
    json.key("message");
    json.text(failure.message);
    json.key("status");
    json.text(failure.status);
    if (!failure.reason.empty()) {
        json.key("details");
        json.begin_array();
        json.begin_object();
        json.key("@type");
        json.text("type.googleapis.com/google.rpc.ErrorInfo");
        json.key("reason");
        json.text(failure.reason);
        json.key("domain");
        json.text("googleapis.com");
        json.end_object();
        json.end_array();
    }
    json.end_object();
    json.end_object();
}

void refuse(std::string_view message, Answer& answer) {
    write_failure({400, "INVALID_ARGUMENT", message}, answer);
}

// Where a source is at home.
std::string_view home_page(Source source) {
    switch (source) {
        case Source::geonames:
            return "https://www.geonames.org/";
        case Source::ourairports:
            return "https://ourairports.com/";
        case Source::census:
            return "https://www.census.gov/";
    }
    return {};
}

void write_text(JsonWriter& json, std::string_view key, std::string_view value) {
    json.key(key);
    json.text(value);
}

void write_location(const Place& place, const FieldMask& mask, JsonWriter& json) {
    json.key("location");
    json.begin_object();
    if (mask.has(Field::latitude)) {
        json.key("latitude");
        json.number(place.at.latitude);
    }
    if (mask.has(Field::longitude)) {
        json.key("longitude");
        json.number(place.at.longitude);
    }
    json.end_object();
}

void write_attributions(Source source, const FieldMask& mask, JsonWriter& json) {
    json.key("attributions");
    json.begin_array();
    json.begin_object();
    if (mask.has(Field::provider)) write_text(json, "provider", notice(source));
    if (mask.has(Field::provider_uri)) write_text(json, "providerUri", home_page(source));
    json.end_object();
    json.end_array();
}

// In the order of Google's own definition, whatever the order of the mask.
void write_place(const Place& place, const FieldMask& mask, JsonWriter& json) {
    const auto types = types_of(place.kind);
    assert(!types.empty());
    json.begin_object();
    if (mask.has(Field::name)) {
        json.key("name");
        json.text("places/" + place.id);
    }
    if (mask.has(Field::id)) write_text(json, "id", place.id);
    if (mask.has(Field::types)) {
        json.key("types");
        json.texts(types);
    }
    if (mask.has(Field::formatted_address)) write_text(json, "formattedAddress", place.vicinity);
    if (mask.has(Field::latitude) || mask.has(Field::longitude)) write_location(place, mask, json);
    if (mask.has(Field::display_text)) {
        json.key("displayName");
        json.begin_object();
        write_text(json, "text", place.name);
        json.end_object();
    }
    if (mask.has(Field::provider) || mask.has(Field::provider_uri)) {
        write_attributions(place.source, mask, json);
    }
    if (mask.has(Field::primary_type)) write_text(json, "primaryType", types[0]);
    json.end_object();
}

void write_places(const PlaceSource& source,
                  const FoundPlaces& found,
                  const FieldMask& mask,
                  Answer& answer) {
    answer.start(200, http::json_type);
    JsonWriter json(answer.body, JsonWriter::Layout::new_api);
    json.begin_object();
    // An empty list is left out, as ever in proto3's JSON.
    if (found.count > 0) {
        json.key("places");
        json.begin_array();
        for (std::size_t i = 0; i < found.count; ++i) {
            write_place(source.place(found.hits[i]), mask, json);
        }
        json.end_array();
    }
    json.end_object();
}

std::string_view either(std::string_view header, const http::Target& target, const char* name) {
    return header.empty() ? target.find(name).value_or("") : header;
}

}  // namespace

void NewSearch::answer(const Question& question, const http::Target& target, Answer& answer) const {
    switch (source_.judge(either(question.api_key, target, "key"))) {
        case PlaceSource::Key::fine:
            break;
        case PlaceSource::Key::missing:
            return write_failure({403, "PERMISSION_DENIED", "This service needs a key."}, answer);
        case PlaceSource::Key::wrong:
            return write_failure(
                {400, "INVALID_ARGUMENT", "The key given is not valid.", "API_KEY_INVALID"},
                answer);
    }
    const std::string_view mask_text = either(question.field_mask, target, "fields");
    if (mask_text.empty()) return refuse("FieldMask is a required parameter.", answer);
    const auto mask = FieldMask::parse(mask_text);
    if (!mask) {
        return refuse("FieldMask: no field is called '" + std::string(mask.error()) + "'.", answer);
    }
    if (!question.content_type.starts_with("application/json")) {
        return refuse("The body must be application/json.", answer);
    }
    NewSearchBody body;
    if (const auto wrong = body.parse(question.body)) return refuse(*wrong, answer);
    write_places(source_, source_.find(body.question), *mask, answer);
}

void NewSearch::fail(Outage outage, Answer& answer) {
    switch (outage) {
        case Outage::internal:
            return write_failure({500, "INTERNAL", "Internal error."}, answer);
        case Outage::unavailable:
            return write_failure({503, "UNAVAILABLE", "The service is unavailable."}, answer);
        case Outage::throttled:
            write_failure(
                {429, "RESOURCE_EXHAUSTED", "Too many requests at a time.", "RATE_LIMIT_EXCEEDED"},
                answer);
            answer.extra = "Retry-After: 1\r\n";
            return;
        case Outage::denied:
            return write_failure({403,
                                  "PERMISSION_DENIED",
                                  "The service is not enabled for this key.",
                                  "API_KEY_SERVICE_BLOCKED"},
                                 answer);
        case Outage::over_limit:
            return write_failure({429, "RESOURCE_EXHAUSTED", "The day's quota is used up."},
                                 answer);
    }
}

}  // namespace herd::offline
