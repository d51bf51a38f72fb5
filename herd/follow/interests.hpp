#pragma once

#include "herd/table/folded_product.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cassert>
#include <cstdint>
#include <utility>

namespace herd::follow {

// What concerns whom: a hash table from 64-bit keys to the subscriptions that have asked for them,
// each for up to `keys_max`. It has a secret, so nobody can choose keys that fall together. Mapped
// once; nothing here allocates.
class Interests {
public:
    static constexpr std::uint32_t keys_max = 6;

    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> map(std::uint32_t subscriptions, std::uint64_t secret);
    // Bytes that map() maps.
    static std::uint64_t memory_max(std::uint32_t subscriptions);

    // One more key of this subscription's, which it does not have yet.
    void add(std::uint32_t subscription, std::uint64_t key);
    // All of its keys.
    void remove(std::uint32_t subscription);

    // Of those with the key `from` that wanted(subscription) picks, that key becomes `to`, in one
    // pass. Each has no other key, and does not have that one. Nothing may be added meanwhile.
    template <class Wanted>
    void move(std::uint64_t from, std::uint64_t to, Wanted wanted);

    // Calls visit(subscription) for each that has asked for this key, and, seldom, for one that has
    // not: whose 32 bits of its hash are the same. Nothing may be added or removed meanwhile.
    template <class Visit>
    void visit(std::uint64_t key, Visit visit) const {
        const std::uint32_t tag = tag_of(key);
        for (std::uint32_t next = heads_[tag & mask_]; next != 0; next = links_[next - 1].next) {
            if (links_[next - 1].tag == tag) visit((next - 1) / keys_max);
        }
    }
    // How many that are.
    std::uint32_t count(std::uint64_t key) const {
        std::uint32_t found = 0;
        visit(key, [&](std::uint32_t) { ++found; });
        return found;
    }

    // Asserts that each subscription's keys are found. O(n), for tests.
    void check() const;

private:
    // Of subscription s those from s * keys_max on are.
    struct Link {
        std::uint32_t tag;
        std::uint32_t next;  // One more than the link behind it; 0: there is none.
    };

    std::uint32_t tag_of(std::uint64_t key) const {
        return static_cast<std::uint32_t>(table::folded_product(key ^ secret_, multiplier) >> 32);
    }
    static constexpr std::uint64_t multiplier = 0x9e37'79b9'7f4a'7c15;  // 2^64 by the golden ratio

    reactor::PageArray<Link> links_;
    reactor::PageArray<std::uint32_t> heads_;  // One more than the first link; 0: there is none.
    reactor::PageArray<std::uint8_t> counts_;  // Of each subscription's keys.
    std::uint32_t mask_ = 0;
    std::uint64_t secret_ = 0;
};

template <class Wanted>
void Interests::move(std::uint64_t from, std::uint64_t to, Wanted wanted) {
    const std::uint32_t old_tag = tag_of(from);
    const std::uint32_t new_tag = tag_of(to);
    std::uint32_t moved = 0;  // A chain of those that have been taken off the old one.
    for (std::uint32_t* at = &heads_[old_tag & mask_]; *at != 0;) {
        Link& link = links_[*at - 1];
        if (link.tag != old_tag || !wanted((*at - 1) / keys_max)) {
            at = &link.next;
            continue;
        }
        const std::uint32_t taken = std::exchange(*at, link.next);
        link = {.tag = new_tag, .next = std::exchange(moved, taken)};
    }
    std::uint32_t& head = heads_[new_tag & mask_];
    while (moved != 0) {
        Link& link = links_[moved - 1];
        const std::uint32_t next = std::exchange(link.next, head);
        head = std::exchange(moved, next);
    }
}

}  // namespace herd::follow
