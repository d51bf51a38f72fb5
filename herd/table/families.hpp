#pragma once

#include "herd/geo/key_tree.hpp"
#include "herd/table/client_hash.hpp"
#include "reactor/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::table {

// Who belongs together by name: the slots of clients in order of their *family*, which is what an
// id begins with up to its first slash, and that: "ada/" of "ada/phone". An id without a slash is
// in none. A family is kept as bits of a keyed hash, so some others may be found with it, which
// nobody can choose: whoever looks compares names.
//
// Owned by the LocationTable, which tells it of clients that come and go, and of no other change.
class Families {
public:
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> open(std::uint32_t slots) { return keys_.open(slots); }
    // Bytes that open() maps.
    static std::uint64_t size_max(std::uint32_t slots) { return geo::KeyTree::size_max(slots); }

    // Of a client's id; empty: it has none. Of how ids begin: theirs, if all have the same.
    static std::string_view of(std::string_view client) {
        return client.substr(0, client.find('/') + 1);
    }

    void enter(std::string_view client, std::uint32_t slot, const ClientHash& hash) {
        const std::string_view family = of(client);
        if (!family.empty()) keys_.insert(key_of(family, slot, hash));
    }
    void leave(std::string_view client, std::uint32_t slot, const ClientHash& hash) {
        const std::string_view family = of(client);
        if (!family.empty()) keys_.erase(key_of(family, slot, hash));
    }
    // The slots of a family, as many as `out` holds; how many these are.
    std::size_t find(std::string_view family,
                     const ClientHash& hash,
                     std::span<std::uint64_t> out) const;

    std::uint32_t size() const { return keys_.size(); }
    // Asserts that this one is in it. For tests.
    void check(std::string_view client, std::uint32_t slot, const ClientHash& hash) const;
    void check() const { keys_.check(); }

private:
    static std::uint64_t key_of(std::string_view family,
                                std::uint32_t slot,
                                const ClientHash& hash);

    geo::KeyTree keys_;  // The hash of the family, and in the last bits the slot.
};

}  // namespace herd::table
