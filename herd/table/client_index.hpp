#pragma once

#include "herd/table/record.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace herd::table {

// Finds the record of a client by 32 bits of its hash: extendible hashing. A directory, by the
// first bits, of segments of one page; in each, by the last bits, buckets of one cache line, whose
// hashes are compared all at once. What does not fit into a full bucket is in one behind it.
//
// A segment that is three quarters full is split in two, which takes microseconds: the index grows
// with its clients, a page at a time, and nobody ever waits for all of it to be built anew. Mapped
// once, for as many as it may hold; segments are used in their order. Nothing here allocates.
//
// Owned by the LocationTable, which knows the clients; the index knows slots and hashes only.
class ClientIndex {
public:
    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> open(std::uint32_t slots);
    // Bytes that so many slots may come to.
    static std::uint64_t size_max(std::uint32_t slots);

    // The first slot with this hash that `is_wanted` says yes to; no_record: there is none.
    template <class IsWanted>
    std::uint32_t find(std::uint32_t hash, IsWanted is_wanted) const {
        const Segment& segment = segment_of(hash);
        for (std::uint32_t at = home(hash);; at = next(at)) {
            const Bucket& bucket = segment.buckets[at];
            for (std::uint32_t found = bucket.with(hash); found != 0; found &= found - 1) {
                const std::uint32_t slot = bucket.entries[first_of(found)] - 1;
                if (slot != no_record && is_wanted(slot)) return slot;
            }
            if (!bucket.full()) return no_record;
        }
    }
    // Asks memory for the bucket where find() begins, and does not wait for it.
    void fetch(std::uint32_t hash) const {
        __builtin_prefetch(&segment_of(hash).buckets[home(hash)]);
    }

    // False: there is no room, though slots are left. Not with hashes that are anything like
    // random.
    bool insert(std::uint32_t hash, std::uint32_t slot);
    // What was inserted.
    void remove(std::uint32_t hash, std::uint32_t slot);

    std::uint32_t segments() const { return segment_count_; }

    // Asserts that it has so many entries, each where a search comes by. O(n), for tests.
    void check(std::uint32_t entries) const;

private:
    static constexpr std::uint32_t places = 8;  // of a bucket
    struct alignas(64) Bucket {
        using Four [[gnu::vector_size(16)]] = std::uint32_t;
        using Two [[gnu::vector_size(16)]] = std::uint64_t;

        std::array<Four, places / 4> hashes;
        std::array<std::uint32_t, places>
            entries;  // The slot plus 1; 0: empty, as are those behind.

        bool full() const { return entries[places - 1] != 0; }
        std::uint32_t size() const;
        // A bit for each place that has this hash, or is empty when the hash is 0.
        std::uint32_t with(std::uint32_t hash) const {
            constexpr Four first = {1, 2, 4, 8};
            constexpr Four last = first << 4;
            const Four found = ((hashes[0] == hash) & first) | ((hashes[1] == hash) & last);
            const auto halves = std::bit_cast<Two>(found);
            const std::uint64_t bits = halves[0] | halves[1];
            return static_cast<std::uint32_t>(bits | bits >> 32);
        }
        std::uint32_t hash(std::uint32_t place) const { return hashes[place / 4][place % 4]; }
        void set(std::uint32_t place, std::uint32_t hash, std::uint32_t entry) {
            hashes[place / 4][place % 4] = hash;
            entries[place] = entry;
        }
        // The last one takes its place.
        void take_out(std::uint32_t place);
    };
    static_assert(sizeof(Bucket) == 64);
    // One bucket at least is not full: there every search ends.
    struct Segment {
        static constexpr std::size_t size = reactor::Pages::small_page / sizeof(Bucket);
        std::array<Bucket, size> buckets;
    };
    static_assert(sizeof(Segment) == reactor::Pages::small_page);
    static_assert(std::has_single_bit(Segment::size));
    static constexpr std::uint32_t places_max = Segment::size * places;  // of a segment
    static constexpr std::uint32_t full_at = places_max / 4 * 3;         // then it is split
    static_assert(full_at < places_max - 1);
    static_assert(places_max <= UINT16_MAX);
    struct Fill {
        std::uint16_t used;   // places
        std::uint16_t depth;  // how many first bits all its hashes share
    };

    static std::size_t first_of(std::uint32_t marked) {
        return static_cast<std::size_t>(std::countr_zero(marked));
    }
    static std::uint32_t segments_max(std::uint32_t slots);
    static std::size_t lines_max(std::uint32_t slots);
    static std::uint32_t home(std::uint32_t hash) { return hash % Segment::size; }
    static std::uint32_t next(std::uint32_t bucket) { return (bucket + 1) % Segment::size; }
    // How many buckets further on.
    static std::uint32_t distance(std::uint32_t from, std::uint32_t to) {
        return (to - from) % Segment::size;
    }
    // Of a hash, in the directory.
    std::size_t line(std::uint32_t hash) const { return std::uint64_t{hash} >> (32 - depth_); }
    const Segment& segment_of(std::uint32_t hash) const {
        return segments_[directory_[line(hash)]];
    }
    void put(std::uint32_t segment, std::uint32_t hash, std::uint32_t entry);
    bool may_split(std::uint32_t segment) const;
    void split(std::uint32_t hash);
    void double_directory();
    static void close_gap(Segment& segment, std::uint32_t bucket);
    void check_segment(std::uint32_t segment) const;

    reactor::PageArray<Segment> segments_;
    reactor::PageArray<Fill> fills_;               // of each segment
    reactor::PageArray<std::uint32_t> directory_;  // 2 to the power depth_ lines are in use
    std::uint32_t depth_ = 0;
    std::uint32_t segment_count_ = 1;
};

}  // namespace herd::table
