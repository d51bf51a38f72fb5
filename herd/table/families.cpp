#include "herd/table/families.hpp"

#include "herd/geo/cell.hpp"

#include <array>
#include <cassert>

namespace herd::table {

// Without the first bit of the hash: no key is the greatest number that there is.
std::uint64_t Families::key_of(std::string_view family,
                               std::uint32_t slot,
                               const ClientHash& hash) {
    assert(family.ends_with('/'));
    assert(slot < 1U << geo::slot_bits);
    return hash(family) << 1 >> 1 >> geo::slot_bits << geo::slot_bits | slot;
}

std::size_t Families::find(std::string_view family,
                           const ClientHash& hash,
                           std::span<std::uint64_t> out) const {
    const std::uint64_t from = key_of(family, 0, hash);
    const std::size_t found = keys_.copy(from, from + (std::uint64_t{1} << geo::slot_bits), out);
    for (std::uint64_t& each : out.first(found)) each = geo::slot_of(each);
    return found;
}

void Families::check(std::string_view client, std::uint32_t slot, const ClientHash& hash) const {
    const std::string_view family = of(client);
    if (family.empty()) return;
    const std::uint64_t key = key_of(family, slot, hash);
    std::array<std::uint64_t, 1> found{};
    assert(keys_.copy(key, key + 1, found) == 1);
    assert(found[0] == key);
}

}  // namespace herd::table
