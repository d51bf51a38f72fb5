#include "protocol/places_json.hpp"
#include "protocol/places_layout.hpp"
#include "protocol/places_walk.hpp"
#include "protocol/text_writer.hpp"

#include <optional>

namespace protocol {
namespace {

// What an answer of Places API (New) says went wrong.
struct ServiceError {
    bool present = false;
    std::string_view message;  // JSON text
    PlacesStatus status = PlacesStatus::unknown_error;
    bool has_status = false;
    bool is_bad_key = false;
};

std::optional<PlacesStatus> from_rpc_status(std::string_view name) {
    struct Meaning {
        std::string_view name;
        PlacesStatus status;
    };
    static constexpr Meaning meanings[] = {
        {"INVALID_ARGUMENT", PlacesStatus::invalid_request},
        {"FAILED_PRECONDITION", PlacesStatus::invalid_request},
        {"OUT_OF_RANGE", PlacesStatus::invalid_request},
        {"NOT_FOUND", PlacesStatus::invalid_request},
        {"PERMISSION_DENIED", PlacesStatus::request_denied},
        {"UNAUTHENTICATED", PlacesStatus::request_denied},
        {"RESOURCE_EXHAUSTED", PlacesStatus::over_query_limit},
    };
    for (const Meaning& meaning : meanings) {
        if (meaning.name == name) return meaning.status;
    }
    return std::nullopt;
}

PlacesStatus from_http_status(std::uint32_t http_status) {
    if (http_status == 401 || http_status == 403) return PlacesStatus::request_denied;
    if (http_status == 429) return PlacesStatus::over_query_limit;
    if (http_status >= 400 && http_status < 500) return PlacesStatus::invalid_request;
    return PlacesStatus::unknown_error;
}

// Writes each place of an answer of Places API (New) as it ends.
class ReshapeVisitor final : public PlacesVisitor {
public:
    explicit ReshapeVisitor(TextWriter& writer) : writer_(writer) {}

    bool on_value(const PlacesPath& path, const JsonValue& value) override {
        if (path.is({})) return value.kind == JsonKind::object;
        if (path.is({PlacesKey::places})) return value.kind == JsonKind::array;
        if (path.is({PlacesKey::places, PlacesKey::element})) return take_place(value);
        if (path.is({PlacesKey::error})) return take_error(value);
        return take_place_field(path, value) && take_error_field(path, value);
    }

    std::size_t places() const { return places_; }
    const ServiceError& error() const { return error_; }

private:
    bool take_place(const JsonValue& value) {
        if (value.kind != JsonKind::object) return false;
        put_place(writer_, place_, places_ == 0);
        place_ = {};
        ++places_;
        return true;
    }

    bool take_error(const JsonValue& value) {
        error_.present = true;
        return value.kind == JsonKind::object;
    }

    bool take_place_field(const PlacesPath& path, const JsonValue& value) {
        const auto take = [&](std::string_view& text, JsonKind kind) {
            text = value.json;
            return value.kind == kind;
        };
        constexpr PlacesKey place = PlacesKey::element;
        if (path.is({PlacesKey::places, place, PlacesKey::id}))
            return take(place_.place_id, JsonKind::string);
        if (path.is({PlacesKey::places, place, PlacesKey::types}))
            return take(place_.types, JsonKind::array);
        if (path.is({PlacesKey::places, place, PlacesKey::types, PlacesKey::element})) {
            return value.kind == JsonKind::string;
        }
        if (path.is({PlacesKey::places, place, PlacesKey::formatted_address})) {
            return take(place_.vicinity, JsonKind::string);
        }
        if (path.is({PlacesKey::places, place, PlacesKey::location, PlacesKey::latitude})) {
            return take(place_.latitude, JsonKind::number);
        }
        if (path.is({PlacesKey::places, place, PlacesKey::location, PlacesKey::longitude})) {
            return take(place_.longitude, JsonKind::number);
        }
        if (path.is({PlacesKey::places, place, PlacesKey::display_name, PlacesKey::text})) {
            return take(place_.name, JsonKind::string);
        }
        return true;
    }

    bool take_error_field(const PlacesPath& path, const JsonValue& value) {
        if (path.is({PlacesKey::error, PlacesKey::message})) {
            error_.message = value.json;
            return value.kind == JsonKind::string;
        }
        if (path.is({PlacesKey::error, PlacesKey::status})) {
            const auto status = from_rpc_status(value.decoded);
            error_.has_status = status.has_value();
            error_.status = status.value_or(PlacesStatus::unknown_error);
        }
        if (path.is(
                {PlacesKey::error, PlacesKey::details, PlacesKey::element, PlacesKey::reason})) {
            error_.is_bad_key |= value.decoded == "API_KEY_INVALID";
        }
        return true;
    }

    TextWriter& writer_;
    PlaceTexts place_;  // the one being read
    std::size_t places_ = 0;
    ServiceError error_;
};

PlacesStatus failure_status(const ServiceError& error, std::uint32_t http_status) {
    if (error.is_bad_key) return PlacesStatus::request_denied;
    return error.has_status ? error.status : from_http_status(http_status);
}

}  // namespace

std::expected<ShapedPlaces, PlacesFault> reshape_new_places(std::span<char> out,
                                                            std::string_view body,
                                                            std::uint32_t http_status) {
    TextWriter places(out);
    put_places_begin(places);
    ReshapeVisitor visitor(places);
    if (const auto fault = walk_places(body, visitor)) return std::unexpected(*fault);

    if (visitor.error().present || http_status != 200) {
        const PlacesStatus status = failure_status(visitor.error(), http_status);
        TextWriter failure(out);
        put_no_places(failure, status, visitor.error().message);
        return finish_places(failure, status);
    }
    if (visitor.places() == 0) {
        TextWriter nothing(out);
        put_no_places(nothing, PlacesStatus::zero_results, "");
        return finish_places(nothing, PlacesStatus::zero_results);
    }
    put_places_end(places, PlacesStatus::ok);
    return finish_places(places, PlacesStatus::ok);
}

}  // namespace protocol
