#include "herd/table/client_index.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::table {

std::uint32_t ClientIndex::Bucket::size() const {
    return static_cast<std::uint32_t>(std::ranges::find(entries, 0U) - entries.begin());
}

void ClientIndex::Bucket::take_out(std::uint32_t place) {
    assert(place < size());
    const std::uint32_t last = size() - 1;
    set(place, hash(last), entries[last]);
    set(last, 0, 0);
}

// There are most segments just after nearly all were split: half of full, and a few full ones. That
// is 212 clients a segment; less is not seen with random hashes.
std::uint32_t ClientIndex::segments_max(std::uint32_t slots) {
    return slots / (full_at / 2) + 16;
}

// Of the directory: segments differ by a bit or two in how often they were split.
std::size_t ClientIndex::lines_max(std::uint32_t slots) {
    return std::size_t{std::bit_ceil(segments_max(slots))} * 4;
}

std::uint64_t ClientIndex::size_max(std::uint32_t slots) {
    return std::uint64_t{segments_max(slots)} * (sizeof(Segment) + sizeof(Fill)) +
           lines_max(slots) * sizeof(std::uint32_t);
}

reactor::Result<void> ClientIndex::open(std::uint32_t slots) {
    assert(slots > 0);
    assert(directory_.size() == 0);
    auto segments = reactor::PageArray<Segment>::map(segments_max(slots));
    if (!segments) return std::unexpected(segments.error());
    auto fills = reactor::PageArray<Fill>::map(segments_max(slots));
    if (!fills) return std::unexpected(fills.error());
    auto directory = reactor::PageArray<std::uint32_t>::map(lines_max(slots));
    if (!directory) return std::unexpected(directory.error());
    segments_ = std::move(*segments);
    // Only a small herd's few would waste a large page.
    segments_.pages().enlarge(reactor::Pages::large_page);
    fills_ = std::move(*fills);
    directory_ = std::move(*directory);
    return {};
}

bool ClientIndex::insert(std::uint32_t hash, std::uint32_t slot) {
    assert(slot != no_record);
    std::uint32_t segment = directory_[line(hash)];
    // Once, as a rule; again when all its hashes have fallen on one side.
    while (fills_[segment].used >= full_at && may_split(segment)) {
        split(hash);
        segment = directory_[line(hash)];
    }
    if (fills_[segment].used == places_max - 1) return false;
    put(segment, hash, slot + 1);
    assert(fills_[segment].used < places_max);
    return true;
}

void ClientIndex::put(std::uint32_t segment, std::uint32_t hash, std::uint32_t entry) {
    assert(segment < segment_count_);
    assert(entry != 0);
    assert(fills_[segment].used + 1U < places_max);
    auto& buckets = segments_[segment].buckets;
    std::uint32_t at = home(hash);
    while (buckets[at].full()) at = next(at);
    buckets[at].set(buckets[at].size(), hash, entry);
    ++fills_[segment].used;
}

bool ClientIndex::may_split(std::uint32_t segment) const {
    assert(segment < segment_count_);
    return segment_count_ < segments_.size() &&
           std::size_t{1} << fills_[segment].depth < directory_.size();
}

// Splits the segment of this hash: its hashes with a 1 behind the bits that all of them share move
// to a new one.
void ClientIndex::split(std::uint32_t hash) {
    const std::uint32_t lower = directory_[line(hash)];
    assert(may_split(lower));
    const std::uint32_t upper = segment_count_++;
    const std::uint32_t used = fills_[lower].used;
    if (fills_[lower].depth == depth_) double_directory();
    const auto depth = static_cast<std::uint16_t>(fills_[lower].depth + 1);
    fills_[lower] = fills_[upper] = {0, depth};
    // All lines of the lower one stand side by side; the second half of them is the upper one's.
    const std::size_t half = std::size_t{1} << (depth_ - depth);
    const std::size_t first = line(hash) / (2 * half) * (2 * half);
    assert(directory_[first] == lower);
    assert(directory_[first + 2 * half - 1] == lower);
    for (std::size_t i = first + half; i < first + 2 * half; ++i) directory_[i] = upper;
    const Segment all = std::exchange(segments_[lower], Segment{});
    for (const Bucket& bucket : all.buckets) {
        for (std::uint32_t place = 0, size = bucket.size(); place < size; ++place) {
            const bool is_upper = (bucket.hash(place) >> (32 - depth) & 1) != 0;
            put(is_upper ? upper : lower, bucket.hash(place), bucket.entries[place]);
        }
    }
    assert(std::uint32_t{fills_[lower].used} + fills_[upper].used == used);
}

void ClientIndex::double_directory() {
    assert(std::size_t{2} << depth_ <= directory_.size());
    for (std::size_t i = std::size_t{1} << depth_; i-- > 0;) {
        directory_[2 * i] = directory_[2 * i + 1] = directory_[i];
    }
    ++depth_;
}

void ClientIndex::remove(std::uint32_t hash, std::uint32_t slot) {
    assert(slot != no_record);
    const std::uint32_t segment = directory_[line(hash)];
    assert(fills_[segment].used > 0);
    auto& buckets = segments_[segment].buckets;
    for (std::uint32_t at = home(hash);; at = next(at)) {
        const auto* const found = std::ranges::find(buckets[at].entries, slot + 1);
        if (found == buckets[at].entries.end()) {
            assert(buckets[at].full());
            continue;
        }
        const bool was_full = buckets[at].full();
        buckets[at].take_out(static_cast<std::uint32_t>(found - buckets[at].entries.begin()));
        --fills_[segment].used;
        if (was_full) close_gap(segments_[segment], at);
        return;
    }
}

// A bucket that was full has one place now. What went by while it was full would not be found any
// more: the first of these moves there, and leaves a gap in turn.
void ClientIndex::close_gap(Segment& segment, std::uint32_t bucket) {
    auto& buckets = segment.buckets;
    assert(!buckets[bucket].full());
    std::uint32_t gap = bucket;
    for (std::uint32_t at = next(gap); at != gap; at = next(at)) {
        Bucket& there = buckets[at];
        const bool was_full = there.full();
        for (std::uint32_t place = 0, size = there.size(); place < size; ++place) {
            if (distance(home(there.hash(place)), at) < distance(gap, at)) continue;
            buckets[gap].set(places - 1, there.hash(place), there.entries[place]);
            there.take_out(place);
            gap = at;
            break;
        }
        if (!was_full) return;
    }
}

void ClientIndex::check(std::uint32_t entries) const {
    assert(segment_count_ <= segments_.size());
    assert(std::size_t{1} << depth_ <= directory_.size());
    std::uint32_t lines = 0;
    std::uint32_t used = 0;
    for (std::uint32_t segment = 0; segment < segment_count_; ++segment) {
        assert(fills_[segment].depth <= depth_);
        lines += 1U << (depth_ - fills_[segment].depth);
        used += fills_[segment].used;
        check_segment(segment);
    }
    assert(lines == 1U << depth_);
    assert(used == entries);
}

void ClientIndex::check_segment(std::uint32_t segment) const {
    const auto& buckets = segments_[segment].buckets;
    std::uint32_t used = 0;
    for (std::uint32_t at = 0; at < buckets.size(); ++at) {
        const Bucket& bucket = buckets[at];
        const std::uint32_t size = bucket.size();
        used += size;
        for (std::uint32_t place = 0; place < size; ++place) {
            const std::uint32_t hash = bucket.hash(place);
            assert(directory_[line(hash)] == segment);
            for (std::uint32_t by = home(hash); by != at; by = next(by)) assert(buckets[by].full());
        }
        for (std::uint32_t place = size; place < places; ++place)
            assert(bucket.entries[place] == 0);
    }
    assert(used == fills_[segment].used);
    assert(used < places_max);
}

}  // namespace herd::table
