#include "herd/places_lookup.hpp"

#include "reactor/sys.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <type_traits>
#include <utility>

namespace herd {

namespace {

std::int32_t millionths(double degrees) {
    return static_cast<std::int32_t>(std::lround(degrees * 1e6));
}

}  // namespace

PlacesLookupKey PlacesLookupKey::of(const protocol::PlacesQuery& query) {
    return {millionths(query.latitude), millionths(query.longitude), query.radius_mm};
}

reactor::Result<void> PlacesLookupTable::map(std::uint32_t capacity) {
    auto chains = reactor::PageArray<PlacesLookup*>::map(std::bit_ceil(capacity));
    if (!chains) return std::unexpected(chains.error());
    chains_ = std::move(*chains);
    hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
    return {};
}

PlacesLookup* PlacesLookupTable::find(const PlacesLookupKey& key) {
    PlacesLookup* lookup = chain(key);
    while (lookup != nullptr && lookup->key != key) lookup = lookup->next;
    return lookup;
}

void PlacesLookupTable::insert(PlacesLookup& lookup) {
    assert(find(lookup.key) == nullptr);
    lookup.next = std::exchange(chain(lookup.key), &lookup);
}

void PlacesLookupTable::remove(PlacesLookup& lookup) {
    PlacesLookup** link = &chain(lookup.key);
    while (*link != &lookup) {
        assert(*link != nullptr);
        link = &(*link)->next;
    }
    *link = std::exchange(lookup.next, nullptr);
}

PlacesLookup*& PlacesLookupTable::chain(const PlacesLookupKey& key) {
    static_assert(std::has_unique_object_representations_v<PlacesLookupKey>);
    const auto bytes = std::bit_cast<std::array<char, sizeof key>>(key);
    const std::uint64_t hash = hash_({bytes.data(), bytes.size()});
    return chains_[hash & (chains_.size() - 1)];
}

}  // namespace herd
