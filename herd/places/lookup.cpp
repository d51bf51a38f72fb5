#include "herd/places/lookup.hpp"

#include "reactor/sys.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <type_traits>
#include <utility>

namespace herd::places {

namespace {

std::int32_t millionths(double degrees) {
    assert(std::abs(degrees) <= 180);
    return static_cast<std::int32_t>(std::lround(degrees * 1e6));
}

}  // namespace

LookupKey LookupKey::of(const protocol::PlacesQuery& query) {
    return {millionths(query.latitude), millionths(query.longitude), query.radius_mm};
}

reactor::Result<void> LookupTable::map(std::uint32_t capacity) {
    assert(capacity > 0);
    assert(chains_.size() == 0);
    auto chains = reactor::PageArray<Lookup*>::map(std::bit_ceil(capacity));
    if (!chains) return std::unexpected(chains.error());
    chains_ = std::move(*chains);
    hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
    return {};
}

Lookup* LookupTable::find(const LookupKey& key) {
    Lookup* lookup = chain(key);
    while (lookup != nullptr && lookup->key != key) lookup = lookup->next;
    return lookup;
}

void LookupTable::insert(Lookup& lookup) {
    assert(!lookup.standing);
    assert(lookup.next == nullptr);
    assert(find(lookup.key) == nullptr);
    lookup.next = std::exchange(chain(lookup.key), &lookup);
}

void LookupTable::remove(Lookup& lookup) {
    Lookup** link = &chain(lookup.key);
    while (*link != &lookup) {
        assert(*link != nullptr);
        link = &(*link)->next;
    }
    *link = std::exchange(lookup.next, nullptr);
}

Lookup*& LookupTable::chain(const LookupKey& key) {
    static_assert(std::has_unique_object_representations_v<LookupKey>);
    const auto bytes = std::bit_cast<std::array<char, sizeof key>>(key);
    const std::uint64_t hash = hash_({bytes.data(), bytes.size()});
    assert(std::has_single_bit(chains_.size()));
    return chains_[hash & (chains_.size() - 1)];
}

}  // namespace herd::places
