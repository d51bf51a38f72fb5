#include "herd/location_table.hpp"

#include "herd/rules.hpp"

#include <bit>
#include <cassert>
#include <cstring>
#include <tuple>
#include <utility>

namespace herd {

namespace {

constexpr std::uint32_t no_long_line = 0;

std::uint32_t upper(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

Version version_of(const protocol::AtLine& line) {
    return {line.time.nanoseconds, line.location, line.server, line.skew_text, line.time_text};
}

}  // namespace

reactor::Result<void> LocationTable::open(const Capacity& capacity, ClientHash hash) {
    assert(capacity.records > 0);
    assert(capacity.records <= (1U << 30));
    assert(capacity.long_line_size <= UINT16_MAX);
    const std::uint32_t places = std::bit_ceil(capacity.records + capacity.records / 3 + 1);
    auto records = reactor::PageArray<Record>::map(capacity.records);
    if (!records) return std::unexpected(records.error());
    auto index = reactor::PageArray<Place>::map(places);
    if (!index) return std::unexpected(index.error());
    auto lines = reactor::PageArray<char>::map((std::size_t{capacity.long_lines} + 1) *
                                               capacity.long_line_size);
    if (!lines) return std::unexpected(lines.error());
    auto free = reactor::PageArray<std::uint32_t>::map(std::size_t{capacity.long_lines} + 1);
    if (!free) return std::unexpected(free.error());
    records_ = std::move(*records);
    // Records are used in their order: only a small herd's few would waste a large page.
    records_.pages().enlarge(reactor::Pages::large_page);
    index_ = std::move(*index);
    long_lines_ = std::move(*lines);
    long_free_ = std::move(*free);
    capacity_ = capacity;
    index_mask_ = places - 1;
    hash_ = hash;
    long_fresh_ = no_long_line + 1;
    return {};
}

void LocationTable::fetch_place(std::uint64_t client_hash) const {
    __builtin_prefetch(&index_[static_cast<std::uint32_t>(client_hash) & index_mask_]);
}

std::uint32_t LocationTable::fetch_record(std::uint64_t client_hash) const {
    const std::uint32_t slot = likely_slot(client_hash);
    if (slot == no_record) return slot;
    constexpr std::size_t cache_line = 64;
    const auto* bytes = reinterpret_cast<const char*>(&records_[slot]);
    for (std::size_t i = 0; i < sizeof(Record); i += cache_line) __builtin_prefetch(bytes + i, 1);
    return slot;
}

void LocationTable::fetch_neighbours(std::uint32_t slot) const {
    if (slot == no_record) return;
    const Record& record = records_[slot];
    if (record.previous != no_record) __builtin_prefetch(&records_[record.previous], 1);
    if (record.next != no_record) __builtin_prefetch(&records_[record.next], 1);
}

// By the upper half of the hash alone: to compare the client, its record would have to be here.
std::uint32_t LocationTable::likely_slot(std::uint64_t client_hash) const {
    auto place = static_cast<std::uint32_t>(client_hash) & index_mask_;
    while (index_[place].slot != 0 && index_[place].hash != upper(client_hash)) {
        place = (place + 1) & index_mask_;
    }
    return index_[place].slot == 0 ? no_record : index_[place].slot - 1;
}

Offer LocationTable::offer(const protocol::AtLine& line,
                           std::uint64_t hash,
                           std::uint32_t source,
                           Origin origin) {
    const std::uint32_t place = search(line.client, hash);
    const bool known = index_[place].slot != 0;
    if (!known && size_ == capacity_.records) return Offer::table_full;
    const std::uint32_t slot = known ? index_[place].slot - 1 : free_slot();
    Record& record = records_[slot];
    if (known && !replaces(line, record, origin)) return Offer::not_newer;
    if (!make_room(record, at_line_size(line))) return Offer::no_long_line;
    if (!known) {
        index_[place] = {upper(hash), slot + 1};
        record.hash = upper(hash);
        record.bucket = Digest::bucket_of(line.client);
        take_free_slot();
    }
    write(record, line, source);
    feed_.touch(slot);
    return Offer::stored;
}

bool LocationTable::repeat(const protocol::AtLine& line) {
    const Place& place = index_[search(line.client, hash_(line.client))];
    if (place.slot == 0) return false;
    const std::uint32_t slot = place.slot - 1;
    if (!rules::newer(version(records_[slot]), version_of(line))) return false;
    feed_.touch(slot);
    return true;
}

void LocationTable::take_free_slot() {
    ++size_;
    enlarge_index();
    if (free_ == no_record) {
        ++slots_;
    } else {
        free_ = records_[free_].next;
    }
}

// With fewer clients than it has small pages, large ones would take memory that nobody needs. From
// then on it is given one every few clients, as each takes the kernel a moment.
void LocationTable::enlarge_index() {
    constexpr std::size_t every = 64;  // new clients
    const std::size_t size = index_.size() * sizeof(Place);
    const std::size_t few = size / reactor::Pages::small_page;
    if (size_ < few || (size_ - few) % every != 0) return;
    const std::size_t begin = (size_ - few) / every * reactor::Pages::large_page;
    index_.pages().enlarge(begin, begin + reactor::Pages::large_page);
}

void LocationTable::remove(std::uint32_t slot) {
    assert(used(slot));
    Record& record = records_[slot];
    const std::string_view name = client(record);
    vacate(search(name, hash_(name)));
    digest_.toggle(record.bucket, std::exchange(record.digest, 0));
    static_cast<void>(make_room(record, 0));
    feed_.remove(slot);
    record.next = free_;
    free_ = slot;
    --size_;
}

// What stands behind it, and would not be found over a gap, moves up.
void LocationTable::vacate(std::uint32_t place) {
    std::uint32_t gap = place;
    for (std::uint32_t next = (gap + 1) & index_mask_; index_[next].slot != 0;
         next = (next + 1) & index_mask_) {
        const std::string_view name = client(records_[index_[next].slot - 1]);
        const auto home = static_cast<std::uint32_t>(hash_(name)) & index_mask_;
        const std::uint32_t from_home = (next - home) & index_mask_;
        if (from_home < ((next - gap) & index_mask_)) continue;
        index_[gap] = index_[next];
        gap = next;
    }
    index_[gap] = {};
}

void LocationTable::send_again(std::uint32_t slot) {
    assert(slot < slots_ && used(slot));
    records_[slot].source = 0;
    feed_.touch(slot);
}

bool LocationTable::corrupt(const protocol::AtLine& line) {
    const Place& place = index_[search(line.client, hash_(line.client))];
    if (place.slot == 0) return false;
    Record& record = records_[place.slot - 1];
    if (!make_room(record, at_line_size(line))) return false;
    write(record, line, record.source);
    return true;
}

bool LocationTable::replaces(const protocol::AtLine& line,
                             const Record& stored,
                             Origin origin) const {
    if (origin == Origin::neighbour) return rules::newer(version_of(line), version(stored));
    if (line.time.nanoseconds != stored.time_ns) return line.time.nanoseconds > stored.time_ns;
    return line.location > location(stored);
}

// The place of the client, or the empty one where it would go. There always is an empty one.
std::uint32_t LocationTable::search(std::string_view client_id, std::uint64_t hash) const {
    auto place = static_cast<std::uint32_t>(hash) & index_mask_;
    while (index_[place].slot != 0) {
        const Place& candidate = index_[place];
        if (candidate.hash == upper(hash) && client(records_[candidate.slot - 1]) == client_id) {
            break;
        }
        place = (place + 1) & index_mask_;
    }
    return place;
}

const Record* LocationTable::find(std::string_view client_id, std::uint64_t hash) const {
    const std::uint32_t place = search(client_id, hash);
    return index_[place].slot == 0 ? nullptr : &records_[index_[place].slot - 1];
}

bool LocationTable::make_room(Record& record, std::size_t size) {
    const bool needs_long = size > Record::inline_size_max;
    const bool has_long = record.long_line != no_long_line;
    if (size > capacity_.long_line_size) return false;
    if (needs_long && !has_long) {
        if (long_used_ == capacity_.long_lines) return false;
        ++long_used_;
        record.long_line = long_free_count_ > 0 ? long_free_[--long_free_count_] : long_fresh_++;
    }
    if (!needs_long && has_long) {
        long_free_[long_free_count_++] = std::exchange(record.long_line, no_long_line);
        --long_used_;
    }
    return true;
}

void LocationTable::write(Record& record, const protocol::AtLine& line, std::uint32_t source) {
    char* start = text(record);
    const std::size_t size = at_line_size(line);
    if (line.whole.empty()) {
        format_at({start, size}, line);
    } else {
        std::memcpy(start, line.whole.data(), size);
    }
    const std::size_t server_end = 3 + line.server.size();
    const std::size_t skew_end = server_end + 1 + line.skew_text.size();
    const std::size_t client_end = skew_end + 1 + line.client.size();
    const std::size_t location_end = client_end + 1 + line.location.size();
    const std::string_view tail(start + skew_end + 1, size - skew_end - 1);
    const std::uint64_t digest =
        Digest::hash({start, skew_end}, line.tail.empty() ? tail : line.tail);
    // What went in is taken out, and not a hash of what stands there now: a flipped bit in memory
    // would otherwise stay in the digest for ever.
    digest_.toggle(record.bucket, record.digest ^ digest);
    record.digest = digest;
    record.time_ns = line.time.nanoseconds;
    record.source = source;
    record.line_size = static_cast<std::uint16_t>(size);
    record.server_end = static_cast<std::uint16_t>(server_end);
    record.skew_end = static_cast<std::uint16_t>(skew_end);
    record.client_end = static_cast<std::uint16_t>(client_end);
    record.location_end = static_cast<std::uint16_t>(location_end);
}

char* LocationTable::text(Record& record) {
    if (record.long_line == no_long_line) return record.text;
    return &long_lines_[std::size_t{record.long_line} * capacity_.long_line_size];
}

std::string_view LocationTable::line(const Record& record) const {
    if (record.long_line == no_long_line) return {record.text, record.line_size};
    return {&long_lines_[std::size_t{record.long_line} * capacity_.long_line_size],
            record.line_size};
}

std::string_view LocationTable::client(const Record& record) const {
    return line(record).substr(record.skew_end + 1U, record.client_end - record.skew_end - 1U);
}

std::string_view LocationTable::location(const Record& record) const {
    return line(record).substr(record.client_end + 1U,
                               record.location_end - record.client_end - 1U);
}

Version LocationTable::version(const Record& record) const {
    const std::string_view whole = line(record);
    const std::size_t skew_start = record.server_end + 1U;
    return {record.time_ns,
            location(record),
            record.server(whole),
            whole.substr(skew_start, record.skew_end - skew_start),
            whole.substr(record.location_end + 1U)};
}

}  // namespace herd
