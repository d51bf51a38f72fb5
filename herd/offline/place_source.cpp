#include "herd/offline/place_source.hpp"

#include "protocol/letters.hpp"

#include <algorithm>
#include <cassert>

namespace herd::offline {
namespace {

bool contains(std::string_view text, std::string_view part) {
    const auto same = [](char a, char b) { return protocol::lower(a) == protocol::lower(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end() ||
           part.empty();
}

bool any_in(std::span<const std::string_view> types, std::span<const std::string> wanted) {
    return std::find_first_of(types.begin(), types.end(), wanted.begin(), wanted.end()) !=
           types.end();
}

// What a search lets through, as the index asks for it.
struct Judge {
    const PlaceTable& table;
    const PlaceFilter& filter;

    bool accepts(std::uint32_t place) { return filter.accepts(table.places()[place]); }
};

}  // namespace

bool PlaceFilter::accepts(const Place& place) const {
    const auto types = types_of(place.kind);
    const auto primary = types.first(1);
    if (!type.empty() && std::find(types.begin(), types.end(), type) == types.end()) return false;
    if (!included.empty() && !any_in(types, included)) return false;
    if (!included_primary.empty() && !any_in(primary, included_primary)) return false;
    if (any_in(types, excluded) || any_in(primary, excluded_primary)) return false;
    return contains(place.name, name) && contains(place.name, keyword);
}

FoundPlaces PlaceSource::find(const PlaceQuestion& question) const {
    assert(question.count_max <= results_max);
    FoundPlaces found;
    Judge judge{table_, question.filter};
    const std::span<Hit> buffer = std::span(found.hits).first(question.count_max);
    const auto hits = index_.nearest(
        question.centre, question.radius_m, buffer, PlaceIndex::Accept::to<&Judge::accepts>(judge));
    found.count = hits.size();
    assert(found.count <= question.count_max);
    for (const Hit& hit : hits) found.sources[static_cast<std::size_t>(place(hit).source)] = true;
    return found;
}

PlaceSource::Key PlaceSource::judge(std::string_view key) const {
    if (required_key_.empty() || key == required_key_) return Key::fine;
    return key.empty() ? Key::missing : Key::wrong;
}

}  // namespace herd::offline
