#include "herd/offline/field_mask.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace herd::offline {
namespace {

// By FieldMask::Field.
constexpr std::string_view paths[] = {
    "places.name",
    "places.id",
    "places.types",
    "places.formattedAddress",
    "places.location.latitude",
    "places.location.longitude",
    "places.displayName.text",
    "places.attributions.provider",
    "places.attributions.providerUri",
    "places.primaryType",
};

static_assert(std::size(paths) == std::to_underlying(FieldMask::Field::primary_type) + 1);
static_assert(std::size(paths) <= 32);  // A bit each.

constexpr std::string_view unknown_here[] = {
    "places.accessibilityOptions",
    "places.addressComponents",
    "places.adrFormatAddress",
    "places.businessStatus",
    "places.containingPlaces",
    "places.currentOpeningHours",
    "places.displayName.languageCode",
    "places.editorialSummary",
    "places.googleMapsLinks",
    "places.googleMapsUri",
    "places.iconBackgroundColor",
    "places.iconMaskBaseUri",
    "places.internationalPhoneNumber",
    "places.nationalPhoneNumber",
    "places.photos",
    "places.plusCode",
    "places.postalAddress",
    "places.priceLevel",
    "places.primaryTypeDisplayName",
    "places.rating",
    "places.regularOpeningHours",
    "places.reviews",
    "places.shortFormattedAddress",
    "places.subDestinations",
    "places.timeZone",
    "places.userRatingCount",
    "places.utcOffsetMinutes",
    "places.viewport",
    "places.websiteUri",
    "routingSummaries",
};
static_assert(std::ranges::is_sorted(unknown_here));
// What is known is not unknown.
static_assert(std::ranges::none_of(unknown_here, [](std::string_view field) {
    return std::ranges::find(paths, field) != std::end(paths);
}));

// Whether `path` is `above` or leads to something in it.
bool is_within(std::string_view path, std::string_view above) {
    return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '.');
}

}  // namespace

std::expected<FieldMask, std::string_view> FieldMask::parse(std::string_view text) {
    FieldMask mask;
    while (true) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view path = text.substr(0, end);
        if (!mask.add(path)) return std::unexpected(path);
        if (end == text.size()) return mask;
        text.remove_prefix(end + 1);
    }
}

bool FieldMask::add(std::string_view path) {
    const bool all = path == "*" || path == "places.*";
    bool found = all;
    for (std::size_t i = 0; i < std::size(paths); ++i) {
        if (!all && !is_within(paths[i], path)) continue;
        bits_ |= 1U << i;
        found = true;
    }
    return found || std::any_of(std::begin(unknown_here), std::end(unknown_here), [&](auto field) {
               return is_within(path, field);
           });
}

}  // namespace herd::offline
