#include "herd/offline/new_search_body.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace herd::offline {
namespace {

using Json = rapidjson::Value;
using Refusal = std::optional<std::string>;

constexpr std::size_t types_max = 50;

constexpr std::string_view members[] = {
    "excludedPrimaryTypes",
    "excludedTypes",
    "includedPrimaryTypes",
    "includedTypes",
    "languageCode",
    "locationRestriction",
    "maxResultCount",
    "rankPreference",
    "regionCode",
    "routingParameters",
};
static_assert(std::ranges::is_sorted(members));

constexpr std::string_view ranks[] = {"RANK_PREFERENCE_UNSPECIFIED", "POPULARITY", "DISTANCE"};

Refusal refuse(std::string words) {
    return words;
}

template <class Names>
bool is_one_of(std::string_view text, const Names& names) {
    return std::find(std::begin(names), std::end(names), text) != std::end(names);
}

std::string_view view(const Json& text) {
    return {text.GetString(), text.GetStringLength()};
}

// The member of that name; null when there is none, or nothing to look in.
const Json* member(const Json* object, const char* name) {
    if (object == nullptr || !object->IsObject()) return nullptr;
    const auto found = object->FindMember(name);
    return found == object->MemberEnd() ? nullptr : &found->value;
}

std::optional<double> number(const Json* value) {
    if (value == nullptr || !value->IsNumber()) return std::nullopt;
    return value->GetDouble();
}

Refusal check_members(const Json& body) {
    for (const auto& one : body.GetObject()) {
        if (is_one_of(view(one.name), members)) continue;
        return refuse("Unknown name \"" + std::string(view(one.name)) + "\".");
    }
    return std::nullopt;
}

Refusal read_circle(const Json& body, PlaceQuestion& question) {
    const Json* const circle = member(member(&body, "locationRestriction"), "circle");
    if (circle == nullptr) return refuse("locationRestriction.circle must be set.");
    const Json* const centre = member(circle, "center");
    const auto latitude = number(member(centre, "latitude"));
    const auto longitude = number(member(centre, "longitude"));
    if (!latitude || !longitude || std::abs(*latitude) > 90 || std::abs(*longitude) > 180) {
        return refuse(
            "locationRestriction.circle.center must have a latitude from -90 "
            "to 90 and a longitude from -180 to 180.");
    }
    const auto radius_m = number(member(circle, "radius"));
    if (!radius_m || !(*radius_m > 0 && *radius_m <= radius_m_max)) {
        return refuse(
            "locationRestriction.circle.radius must be more than 0 and at most "
            "50000.0.");
    }
    question.centre = {*latitude, *longitude};
    question.radius_m = *radius_m;
    return std::nullopt;
}

Refusal read_count(const Json& body, PlaceQuestion& question) {
    const Json* const count = member(&body, "maxResultCount");
    if (count == nullptr) return std::nullopt;
    if (!count->IsUint() || count->GetUint() < 1 || count->GetUint() > results_max) {
        return refuse("maxResultCount must be a whole number from 1 to 20.");
    }
    question.count_max = count->GetUint();
    assert(question.count_max <= results_max);
    return std::nullopt;
}

Refusal check_rank(const Json& body) {
    const Json* const rank = member(&body, "rankPreference");
    if (rank == nullptr) return std::nullopt;
    if (rank->IsString() && is_one_of(view(*rank), ranks)) return std::nullopt;
    return refuse("rankPreference must be POPULARITY or DISTANCE.");
}

Refusal read_types(const Json& body, const char* name, std::vector<std::string>& types) {
    const Json* const list = member(&body, name);
    if (list == nullptr) return std::nullopt;
    Refusal wrong(std::string(name) + " must be a list of up to 50 texts.");
    if (!list->IsArray() || list->Size() > types_max) return wrong;
    for (const Json& type : list->GetArray()) {
        if (!type.IsString()) return wrong;
        types.emplace_back(view(type));
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> NewSearchBody::parse(std::string_view text) {
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseFullPrecisionFlag;
    rapidjson::Document body;
    body.Parse<flags>(text.data(), text.size());
    // RapidJSON takes a NUL for the end.
    const bool cut = text.find('\0') != std::string_view::npos;
    if (body.HasParseError() || cut || !body.IsObject()) {
        return refuse("Invalid JSON payload received: not one JSON object.");
    }
    if (auto wrong = check_members(body)) return wrong;
    if (auto wrong = read_circle(body, question)) return wrong;
    if (auto wrong = read_count(body, question)) return wrong;
    if (auto wrong = check_rank(body)) return wrong;
    const std::pair<const char*, std::vector<std::string>*> lists[] = {
        {"includedTypes", &included},
        {"excludedTypes", &excluded},
        {"includedPrimaryTypes", &included_primary},
        {"excludedPrimaryTypes", &excluded_primary},
    };
    for (const auto& [name, list] : lists) {
        if (auto wrong = read_types(body, name, *list)) return wrong;
    }
    question.filter.included = included;
    question.filter.excluded = excluded;
    question.filter.included_primary = included_primary;
    question.filter.excluded_primary = excluded_primary;
    return std::nullopt;
}

}  // namespace herd::offline
