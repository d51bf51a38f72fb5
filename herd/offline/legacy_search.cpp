#include "herd/offline/legacy_search.hpp"

#include "herd/offline/json_writer.hpp"
#include "herd/offline/numbers.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <expected>
#include <optional>

namespace herd::offline {
namespace {

using namespace std::string_view_literals;

void write_failure(std::string_view status, std::string_view message, Answer& answer) {
    assert(!status.empty());
    JsonWriter json(answer.body, JsonWriter::Layout::legacy);
    json.begin_object();
    if (!message.empty()) {
        json.key("error_message");
        json.text(message);
    }
    json.key("html_attributions");
    json.texts({});
    json.key("results");
    json.texts({});
    json.key("status");
    json.text(status);
    json.end_object();
}

void write_place(const Place& place, JsonWriter& json) {
    json.begin_object();
    json.key("geometry");
    json.begin_object();
    json.key("location");
    json.begin_object();
    json.key("lat");
    json.number(place.at.latitude);
    json.key("lng");
    json.number(place.at.longitude);
    json.end_object();
    json.end_object();
    json.key("name");
    json.text(place.name);
    json.key("place_id");
    json.text(place.id);
    json.key("types");
    json.texts(types_of(place.kind));
    json.key("vicinity");
    json.text(place.vicinity);
    json.end_object();
}

void write_places(const PlaceSource& source, const FoundPlaces& found, Answer& answer) {
    assert(found.count <= found.hits.size());
    JsonWriter json(answer.body, JsonWriter::Layout::legacy);
    json.begin_object();
    json.key("html_attributions");
    json.begin_array();
    for (std::size_t i = 0; i < source_count; ++i) {
        if (found.sources[i]) json.text(notice(static_cast<Source>(i)));
    }
    json.end_array();
    json.key("results");
    json.begin_array();
    for (std::size_t i = 0; i < found.count; ++i) write_place(source.place(found.hits[i]), json);
    json.end_array();
    json.key("status");
    json.text(found.count > 0 ? "OK" : "ZERO_RESULTS");
    json.end_object();
}

std::optional<Coordinates> parse_location(std::string_view text) {
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    const auto latitude = parse_number<double>(text.substr(0, comma));
    const auto longitude = parse_number<double>(text.substr(comma + 1));
    if (!latitude || !longitude) return std::nullopt;
    if (std::abs(*latitude) > 90 || std::abs(*longitude) > 180) return std::nullopt;
    return Coordinates{*latitude, *longitude};
}

// Of `a|b` the first counts; `a,b` is as if it were not there.
std::string_view parse_type(std::string_view text) {
    if (text.find(',') != std::string_view::npos) return {};
    return text.substr(0, text.find('|'));
}

// Returns what is wrong with the parameters.
std::expected<PlaceQuestion, std::string_view> parse_question(const http::Target& target) {
    PlaceQuestion question;
    PlaceFilter& filter = question.filter;
    if (target.find("pagetoken")) return std::unexpected("No page tokens are given out here."sv);
    const auto centre = parse_location(target.find("location").value_or(""));
    if (!centre) {
        return std::unexpected("location must be latitude,longitude in decimal degrees."sv);
    }
    question.centre = *centre;
    filter.type = parse_type(target.find("type").value_or(""));
    filter.name = target.find("name").value_or("");
    filter.keyword = target.find("keyword").value_or("");

    const auto radius_text = target.find("radius");
    const std::string_view rank = target.find("rankby").value_or("prominence");
    if (rank == "distance") {
        if (radius_text) return std::unexpected("rankby=distance goes without radius."sv);
        if (filter.type.empty() && filter.name.empty() && filter.keyword.empty()) {
            return std::unexpected("rankby=distance needs one of keyword, name, type."sv);
        }
        question.radius_m = radius_m_max;
        return question;
    }
    if (rank != "prominence") return std::unexpected("rankby is prominence or distance."sv);
    const auto radius_m = parse_number<double>(radius_text.value_or(""));
    if (!radius_m || *radius_m < 0) {
        return std::unexpected("radius must be a number of metres, 0 or more."sv);
    }
    question.radius_m = std::min(*radius_m, radius_m_max);
    assert(question.radius_m >= 0);
    return question;
}

}  // namespace

void LegacySearch::answer(const http::Target& target, Answer& answer) const {
    answer.start(200, http::json_type);
    const PlaceSource::Key key = source_.judge(target.find("key").value_or(""));
    if (key != PlaceSource::Key::fine) {
        write_failure("REQUEST_DENIED",
                      key == PlaceSource::Key::missing ? "This service needs a key."
                                                       : "The key given is not valid.",
                      answer);
        return;
    }
    const auto question = parse_question(target);
    if (!question) {
        write_failure("INVALID_REQUEST", question.error(), answer);
        return;
    }
    write_places(source_, source_.find(*question), answer);
}

void LegacySearch::fail(Outage outage, Answer& answer) {
    switch (outage) {
        case Outage::internal:
            answer.start(500, http::json_type);
            return write_failure("UNKNOWN_ERROR", "", answer);
        case Outage::unavailable:
            answer.start(503, http::json_type);
            return write_failure("UNKNOWN_ERROR", "", answer);
        case Outage::throttled:
            answer.start(429, http::json_type);
            answer.extra = "Retry-After: 1\r\n";
            return write_failure("OVER_QUERY_LIMIT", "Too many requests at a time.", answer);
        case Outage::denied:
            answer.start(200, http::json_type);
            return write_failure("REQUEST_DENIED", "The key given is not valid.", answer);
        case Outage::over_limit:
            answer.start(200, http::json_type);
            return write_failure("OVER_QUERY_LIMIT", "The day's quota is used up.", answer);
    }
}

}  // namespace herd::offline
