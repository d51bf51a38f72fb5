#include "herd/table/location_table.hpp"

#include "herd/geo/cell.hpp"
#include "herd/table/rules.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <tuple>
#include <utility>

namespace herd::table {

namespace {

std::int64_t effective(const protocol::AtLine& line) {
    return rules::effective(line.time.nanoseconds, line.skew_ns);
}

Version version_of(const protocol::AtLine& line, std::int64_t effective_ns) {
    return {effective_ns, line.location, line.server, line.skew_text, line.time_text};
}

}  // namespace

reactor::Result<void> LocationTable::open(const Capacity& capacity, ClientHash hash) {
    assert(capacity_.records == 0);
    assert(capacity.records > 0);
    assert(capacity.records <= (1U << geo::slot_bits));
    assert(capacity.reserve <= capacity.records);
    assert(capacity.long_line_size > 0);
    assert(capacity.long_line_size <= UINT16_MAX);
    auto records = reactor::PageArray<Record>::map(capacity.records);
    if (!records) return std::unexpected(records.error());
    if (auto index = index_.open(capacity.records); !index) return index;
    if (capacity.positions) {
        if (auto positions = positions_.open(capacity.records); !positions) return positions;
    }
    if (capacity.families) {
        if (auto families = families_.open(capacity.records); !families) return families;
    }
    auto lines = reactor::PageArray<char>::map((std::size_t{capacity.long_lines} + 1) *
                                               capacity.long_line_size);
    if (!lines) return std::unexpected(lines.error());
    auto free = reactor::PageArray<std::uint32_t>::map(std::size_t{capacity.long_lines} + 1);
    if (!free) return std::unexpected(free.error());
    records_ = std::move(*records);
    // Records are used in their order: only a small herd's few would waste a large page.
    records_.pages().enlarge(reactor::Pages::large_page);
    long_lines_ = std::move(*lines);
    long_free_ = std::move(*free);
    capacity_ = capacity;
    keeps_positions_ = capacity.positions;
    hash_ = hash;
    return {};
}

void LocationTable::fetch_record(Key& key) const {
    // By the hash alone: to compare the client, its record would have to be here.
    key.likely = index_.find(key.hash, [](std::uint32_t) { return true; });
    if (key.likely == no_record) return;
    constexpr std::size_t cache_line = 64;
    const auto* bytes = reinterpret_cast<const char*>(&records_[key.likely]);
    for (std::size_t i = 0; i < sizeof(Record); i += cache_line) __builtin_prefetch(bytes + i, 1);
}

void LocationTable::fetch_neighbours(const Key& key) const {
    if (key.likely == no_record) return;
    const Record& record = records_[key.likely];
    if (record.previous != no_record) __builtin_prefetch(&records_[record.previous], 1);
    if (record.next != no_record) __builtin_prefetch(&records_[record.next], 1);
}

void LocationTable::fetch(Moves& moves) const {
    if (moves.size_ == 0) return;
    const std::span all = std::span(moves.moves_).first(moves.size_);
    positions_.fetch(all);
    for (std::size_t i = 0; i < all.size(); ++i) moves.whose_[i]->page = all[i].page;
}

Stored LocationTable::store(const protocol::AtLine& line,
                            Key key,
                            std::uint32_t source,
                            Origin origin) {
    const std::uint32_t known = slot_of(line.client, key);
    const bool is_new = known == no_record;
    if (is_new && size_ == capacity_.records) return Stored::table_full;
    if (is_new && origin == Origin::client && capacity_.records - size_ <= capacity_.reserve)
        return Stored::reserved;
    const std::uint32_t slot = is_new ? free_slot() : known;
    Record& record = records_[slot];
    const std::int64_t effective_ns = effective(line);
    if (!is_new && !replaces(line, effective_ns, record, origin)) return Stored::not_newer;
    if (!fit_line(record, at_line_size(line))) return Stored::no_long_line;
    if (is_new && !index_.insert(key.hash, slot)) {
        static_cast<void>(fit_line(record, 0));
        return Stored::table_full;
    }
    if (is_new) {
        assert(!used(slot));
        record.bucket = Digest::bucket_of(line.client);
        if (capacity_.families) families_.enter(line.client, slot, hash_);
        take_free_slot();
    }
    if (onlooker_ != nullptr) onlooker_->before_change(slot);
    write(slot, key.page, line, effective_ns, source);
    feed_.touch(slot);
    return Stored::stored;
}

bool LocationTable::repeat(const protocol::AtLine& line) {
    const std::uint32_t slot = slot_of(line.client, key(line.client));
    if (slot == no_record) return false;
    if (!is_newer(records_[slot], line)) return false;
    touch_again(slot);
    return true;
}

bool LocationTable::is_newer(const Record& record, const protocol::AtLine& line) const {
    return rules::newer(version(record), version_of(line, effective(line)));
}

void LocationTable::take_free_slot() {
    ++size_;
    if (free_ == no_record) {
        ++slots_;
    } else {
        free_ = records_[free_].next;
    }
    assert(size_ <= slots_);
    assert(slots_ <= capacity_.records);
}

void LocationTable::touch_again(std::uint32_t slot) {
    if (onlooker_ != nullptr) onlooker_->before_change(slot);
    feed_.touch(slot);
}

void LocationTable::remove(std::uint32_t slot) {
    assert(used(slot));
    for (RemovalOnlooker* each = removal_onlookers_.front(); each != nullptr;
         each = removal_onlookers_.next(*each)) {
        each->before_removal(slot);
    }
    Record& record = records_[slot];
    index_.remove(key(client(record)).hash, slot);
    if (capacity_.families) families_.leave(client(record), slot, hash_);
    if (keeps_positions_) positions_.erase(geo::key_of(geo::Cell::of(record.spot), slot));
    digest_.toggle(record.bucket, std::exchange(record.digest, 0));
    static_cast<void>(fit_line(record, 0));
    feed_.remove(slot);
    assert(!used(slot));
    assert(size_ > 0);
    record.next = free_;
    free_ = slot;
    --size_;
}

void LocationTable::send_again(std::uint32_t slot) {
    assert(slot < slots_);
    assert(used(slot));
    records_[slot].source = 0;
    touch_again(slot);
}

bool LocationTable::replaces(const protocol::AtLine& line,
                             std::int64_t effective_ns,
                             const Record& stored,
                             Origin origin) const {
    if (origin == Origin::neighbour)
        return rules::newer(version_of(line, effective_ns), version(stored));
    if (effective_ns != stored.effective_ns) return effective_ns > stored.effective_ns;
    return rules::newer_report(version_of(line, effective_ns), version(stored));
}

bool LocationTable::is_of(std::uint32_t slot, std::string_view client_id) const {
    return used(slot) && client(records_[slot]) == client_id;
}

std::uint32_t LocationTable::slot_of(std::string_view client_id, Key key) const {
    if (key.likely != no_record && is_of(key.likely, client_id)) return key.likely;
    return index_.find(key.hash, [&](std::uint32_t slot) { return is_of(slot, client_id); });
}

const Record* LocationTable::find(std::string_view client_id, Key key) const {
    const std::uint32_t slot = slot_of(client_id, key);
    return slot == no_record ? nullptr : &records_[slot];
}

// From now on it has a line of that size, whose text is still to be written.
bool LocationTable::fit_line(Record& record, std::size_t size) {
    const bool needs_long = size > Record::inline_size_max;
    const bool has_long = record.is_long();
    if (size > capacity_.long_line_size) return false;
    if (needs_long && !has_long) {
        if (long_used_ == capacity_.long_lines) return false;
        ++long_used_;
        const std::uint32_t number =
            long_free_count_ > 0 ? long_free_[--long_free_count_] : long_fresh_++;
        assert(number < capacity_.long_lines);
        std::memcpy(record.text, &number, sizeof number);
    }
    if (!needs_long && has_long) {
        assert(long_used_ > 0);
        assert(long_free_count_ < capacity_.long_lines);
        long_free_[long_free_count_++] = long_line(record);
        --long_used_;
    }
    record.line_size = static_cast<std::uint16_t>(size);
    return true;
}

void LocationTable::move(std::uint32_t slot,
                         std::uint32_t page,
                         protocol::Spot from,
                         protocol::Spot to) {
    if (!keeps_positions_) return;
    const std::uint64_t key = geo::key_of(geo::Cell::of(to), slot);
    if (!used(slot)) return positions_.insert(key);
    positions_.replace({.old = geo::key_of(geo::Cell::of(from), slot), .key = key, .page = page});
}

reactor::Result<void> LocationTable::index_positions() {
    keeps_positions_ = capacity_.positions;
    if (!keeps_positions_) return {};
    auto mapped = reactor::PageArray<std::uint64_t>::map(std::size_t{size_} + 1);
    if (!mapped) return std::unexpected(mapped.error());
    const std::span keys(&(*mapped)[0], size_);
    auto next = keys.begin();
    for (std::uint32_t slot = 0; slot < slots_; ++slot) {
        if (used(slot)) *next++ = geo::key_of(geo::Cell::of(records_[slot].spot), slot);
    }
    assert(next == keys.end());
    std::ranges::sort(keys);
    positions_.assign(keys);
    return {};
}

void LocationTable::write(std::uint32_t slot,
                          std::uint32_t page,
                          const protocol::AtLine& line,
                          std::int64_t effective_ns,
                          std::uint32_t source) {
    Record& record = records_[slot];
    // Most clients stay in their cell.
    const bool stays = record.seq != 0 && geo::Cell::shared(record.spot, line.spot);
    if (!stays) move(slot, page, record.spot, line.spot);
    record.spot = line.spot;
    char* start = text(record);
    const std::size_t size = at_line_size(line);
    if (line.whole.empty()) {
        format_at({start, size}, line);
    } else {
        std::memcpy(start, line.whole.data(), size);
    }
    const std::size_t server_end = protocol::at_prefix.size() + line.server.size();
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
    record.effective_ns = effective_ns;
    record.source = source;
    record.server_end = static_cast<std::uint16_t>(server_end);
    record.skew_end = static_cast<std::uint16_t>(skew_end);
    record.client_end = static_cast<std::uint16_t>(client_end);
    record.location_end = static_cast<std::uint16_t>(location_end);
}

void LocationTable::check(bool whole) const {
    check_storage();
    std::uint32_t records = 0;
    std::uint32_t long_lines = 0;
    std::uint32_t in_families = 0;
    std::uint64_t root = 0;
    for (std::uint32_t slot = 0; slot < slots_; ++slot) {
        if (!used(slot)) continue;
        const Record& record = records_[slot];
        ++records;
        long_lines += record.is_long();
        root ^= record.digest;
        check_record(record);
        if (!capacity_.families) continue;
        families_.check(client(record), slot, hash_);
        in_families += Families::of(client(record)).empty() ? 0U : 1U;
    }
    assert(records == size_);
    assert(long_lines == long_used_);
    assert(root == digest_.root());
    assert(in_families == families_.size());
    std::uint32_t free = 0;
    for (std::uint32_t slot = free_; slot != no_record; slot = records_[slot].next) {
        assert(slot < slots_);
        assert(!used(slot));
        assert(free < slots_ - records);  // Else it goes round in a circle.
        ++free;
    }
    assert(records + free == slots_);
    feed_.check(size_);
    if (keeps_positions_) check_positions();
    if (!whole) return;
    if (capacity_.families) families_.check();
    index_.check(size_);
    digest_.check();
}

void LocationTable::check_storage() const {
    assert(size_ <= slots_);
    assert(slots_ <= capacity_.records);
    assert(long_used_ <= capacity_.long_lines);
    assert(long_fresh_ == long_used_ + long_free_count_);
}

void LocationTable::check_positions() const {
    positions_.check();
    assert(positions_.size() == size_);
    std::array<std::uint64_t, 1> next{};
    for (std::uint64_t from = 0; positions_.copy(from, UINT64_MAX, next) > 0; from = next[0] + 1) {
        const std::uint32_t slot = geo::slot_of(next[0]);
        assert(slot < slots_);
        assert(used(slot));
        assert(next[0] == geo::key_of(geo::Cell::of(records_[slot].spot), slot));
    }
}

void LocationTable::check_record(const Record& record) const {
    assert(record.line_size <= capacity_.long_line_size);
    assert(!record.is_long() || long_line(record) < long_fresh_);
    assert(record.server_end < record.skew_end);
    assert(record.skew_end < record.client_end);
    assert(record.client_end < record.location_end);
    assert(record.location_end < record.line_size);
    assert(record.bucket < Digest::bucket_count);
    assert(line(record).starts_with(protocol::at_prefix));
    assert(find(client(record)) == &record);
    protocol::Spot spot{};
    assert(protocol::read_iso6709(location(record), spot) == location(record).size());
    assert(record.spot == spot);
}

std::uint32_t LocationTable::long_line(const Record& record) {
    assert(record.is_long());
    std::uint32_t number = 0;
    std::memcpy(&number, record.text, sizeof number);
    return number;
}

char* LocationTable::text(Record& record) {
    if (!record.is_long()) return record.text;
    return &long_lines_[std::size_t{long_line(record)} * capacity_.long_line_size];
}

const char* LocationTable::text(const Record& record) const {
    if (!record.is_long()) return record.text;
    return &long_lines_[std::size_t{long_line(record)} * capacity_.long_line_size];
}

std::string_view LocationTable::line(const Record& record) const {
    return {text(record), record.line_size};
}

protocol::Iso6709 LocationTable::place(const Record& record) const {
    if (!record.spot.cut) return protocol::degrees_of(record.spot);
    const auto place = protocol::parse_iso6709(location(record));
    assert(place.has_value());
    return *place;
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
    return {record.effective_ns,
            location(record),
            record.server(whole),
            whole.substr(skew_start, record.skew_end - skew_start),
            whole.substr(record.location_end + 1U)};
}

}  // namespace herd::table
