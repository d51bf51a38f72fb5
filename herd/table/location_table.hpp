#pragma once

#include "herd/geo/cell.hpp"
#include "herd/geo/key_tree.hpp"
#include "herd/table/change_feed.hpp"
#include "herd/table/client_hash.hpp"
#include "herd/table/client_index.hpp"
#include "herd/table/digest.hpp"
#include "herd/table/families.hpp"
#include "herd/table/onlooker.hpp"
#include "herd/table/record.hpp"
#include "herd/table/version.hpp"
#include "protocol/at_line.hpp"
#include "protocol/iso6709.hpp"
#include "reactor/list.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::table {

// What became of a report.
enum class Stored : std::uint8_t {
    stored,
    not_newer,     // nothing has changed
    table_full,    // a new client, and no slot for it
    reserved,      // a new client, and none but reserved slots for it
    no_long_line,  // its line needs long storage, and there is none left
};

// The newest report of every client: a fixed slab of records, found through an index of a keyed
// hash of the client, and all of them in one change feed. Their slots are in a second index, by
// where the clients are, and in a third, by their families, where these are wanted. Records are
// never moved, and never evicted for want of room. Mapped once; nothing here allocates.
class LocationTable {
public:
    struct Capacity {
        std::uint32_t records;
        std::uint32_t long_lines;      // of the records, with lines beyond the slot
        std::uint32_t long_line_size;  // the longest line of all, in bytes
        // So many of the last free records are not for just any client's report.
        std::uint32_t reserve = 0;
        bool positions = true;  // Whether where clients are is kept in order, too.
        bool families = false;  // And clients by their families.
    };

    LocationTable() = default;
    LocationTable(const LocationTable&) = delete;
    LocationTable& operator=(const LocationTable&) = delete;

    // Once, first.
    reactor::Result<void> open(const Capacity& capacity, ClientHash hash);

    // What a client is looked up by, here and in this run.
    struct Key {
        std::uint32_t hash = 0;
        std::uint32_t likely = no_record;  // the slot of its record, if fetch_record() saw one
        // Of that in the order of positions, if fetch() saw it.
        geo::KeyTree::Where page = 0;
    };
    Key key(std::string_view client) const {
        return {.hash = static_cast<std::uint32_t>(hash_(client) >> 32)};
    }
    // Prefetches what a report of that client will touch. Each step needs what the one before it
    // fetched: take it for many clients before the next.
    void fetch_place(const Key& key) const { index_.fetch(key.hash); }
    void fetch_record(Key& key) const;
    void fetch_neighbours(const Key& key) const;
    // The last step, of all at once who leave their cell, or come into their first.
    class Moves;
    void add_move(Moves& moves, Key& key, protocol::Spot to) const;
    void fetch(Moves& moves) const;

    // A client's own report; ordered by rules::newer_report.
    Stored report(const protocol::AtLine& line, Key key) {
        return store(line, key, 0, Origin::client);
    }
    // The same of a client that may have a reserved record, too.
    Stored report_newcomer(const protocol::AtLine& line, Key key) {
        return store(line, key, 0, Origin::newcomer);
    }
    Stored report(const protocol::AtLine& line) { return report(line, key(line.client)); }
    // A neighbour's copy, from the incarnation `source`; ordered by rules::newer.
    Stored relay(const protocol::AtLine& line, Key key, std::uint32_t source) {
        return store(line, key, source, Origin::neighbour);
    }
    Stored relay(const protocol::AtLine& line, std::uint32_t source) {
        return relay(line, key(line.client), source);
    }

    // A neighbour shows that it has `line`, and will not hear of the newer one by itself. When a
    // newer one is stored, it counts as changed once more, for all followers, and this returns
    // true.
    bool repeat(const protocol::AtLine& line);

    // Where clients are is not kept any more, until index_positions(), which does that for all of
    // them at once: for a load of many lines, most of which a later one replaces. Nobody asks for
    // positions meanwhile. Maps eight bytes for each client until it returns; fails with what the
    // system says of that (ENOMEM).
    void leave_positions() { keeps_positions_ = false; }
    reactor::Result<void> index_positions();

    // Whether the record is a newer one than `line` of its client.
    bool is_newer(const Record& record, const protocol::AtLine& line) const;

    // Hands the record of a used slot to all followers again, as nobody's.
    void send_again(std::uint32_t slot);
    // Forgets the record of a used slot; followers hear nothing of it. For what every server
    // forgets by itself.
    void remove(std::uint32_t slot);

    // Null when nothing is known of the client. Valid until the next report or relay.
    const Record* find(std::string_view client) const { return find(client, key(client)); }
    const Record* find(std::string_view client, Key key) const;
    // The record of a slot below slots().
    const Record& at(std::uint32_t slot) const {
        assert(slot < slots_);
        return records_[slot];
    }

    std::uint32_t slot(const Record& record) const {
        return static_cast<std::uint32_t>(&record - &records_[0]);
    }
    // From now on it is told of each change before; null: nobody is.
    void show_changes(ChangeOnlooker* onlooker) { onlooker_ = onlooker; }
    // It is told of each removal before.
    void show_removals(RemovalOnlooker& onlooker) { removal_onlookers_.push_back(onlooker); }

    // The AT line without a newline, byte for byte as the client was answered.
    std::string_view line(const Record& record) const;
    Version version(const Record& record) const;
    std::string_view client(const Record& record) const;
    std::string_view location(const Record& record) const;

    // The slots by where their clients are: geo::key_of the cell of each record's spot. Null:
    // that is not kept.
    const geo::KeyTree* positions() const { return capacity_.positions ? &positions_ : nullptr; }
    // Slots of the clients of a family, and seldom of others, as many as `out` holds; how many
    // these are. None, where families are not kept.
    std::size_t family(std::string_view family, std::span<std::uint64_t> out) const {
        return capacity_.families ? families_.find(family, hash_, out) : 0;
    }
    // Where it says that its client is, to the last decimal.
    protocol::Iso6709 place(const Record& record) const;

    const Digest& digest() const { return digest_; }
    std::uint32_t size() const { return size_; }
    // Slots from here on were never used. Of those below some may be unused again.
    std::uint32_t slots() const { return slots_; }
    bool used(std::uint32_t slot) const { return records_[slot].seq != 0; }
    // The longest line that a record can have.
    std::uint32_t line_size_max() const { return capacity_.long_line_size; }
    std::uint32_t capacity() const { return capacity_.records; }
    std::uint32_t long_lines_used() const { return long_used_; }
    ChangeFeed& feed() { return feed_; }
    // Asserts that records, indexes, feed, free slots, long lines and digest fit each other. O(n),
    // for tests; what takes long even for a small table is asked for with `whole`.
    void check(bool whole = false) const;
    const ChangeFeed& feed() const { return feed_; }

private:
    friend class Spoiler;
    enum class Origin : std::uint8_t { client, newcomer, neighbour };

    Stored store(const protocol::AtLine& line, Key key, std::uint32_t source, Origin origin);
    void touch_again(std::uint32_t slot);
    std::uint32_t free_slot() const { return free_ == no_record ? slots_ : free_; }
    void take_free_slot();
    bool replaces(const protocol::AtLine& line,
                  std::int64_t effective_ns,
                  const Record& stored,
                  Origin origin) const;
    bool is_of(std::uint32_t slot, std::string_view client) const;
    // no_record: nothing is known of the client.
    std::uint32_t slot_of(std::string_view client, Key key) const;
    bool fit_line(Record& record, std::size_t size);
    void move(std::uint32_t slot, std::uint32_t page, protocol::Spot from, protocol::Spot to);
    void write(std::uint32_t slot,
               std::uint32_t page,
               const protocol::AtLine& line,
               std::int64_t effective_ns,
               std::uint32_t source);
    static std::uint32_t long_line(const Record& record);
    char* text(Record& record);
    const char* text(const Record& record) const;
    void check_record(const Record& record) const;
    void check_positions() const;
    void check_storage() const;

    Capacity capacity_{};
    ClientHash hash_;
    reactor::PageArray<Record> records_;
    ClientIndex index_;
    geo::KeyTree positions_;
    Families families_;
    bool keeps_positions_ = false;
    reactor::PageArray<char> long_lines_;
    reactor::PageArray<std::uint32_t> long_free_;
    std::uint32_t size_ = 0;
    std::uint32_t slots_ = 0;
    std::uint32_t free_ = no_record;  // Unused below slots_; the next one is its record's `next`.
    std::uint32_t long_used_ = 0;
    std::uint32_t long_fresh_ = 0;       // Long lines from here on were never used.
    std::uint32_t long_free_count_ = 0;  // Given back, on the stack long_free_.
    Digest digest_;
    ChangeFeed feed_{records_};
    ChangeOnlooker* onlooker_ = nullptr;
    reactor::List<RemovalOnlooker> removal_onlookers_;
};

// Of the reports of a batch those whose clients leave their cells, or have none yet.
class LocationTable::Moves {
    friend LocationTable;
    std::array<geo::KeyTree::Move, geo::KeyTree::moves_max> moves_;
    std::array<Key*, geo::KeyTree::moves_max> whose_;
    std::size_t size_ = 0;
};

inline void LocationTable::add_move(Moves& moves, Key& key, protocol::Spot to) const {
    if (!keeps_positions_) return;
    geo::KeyTree::Move move{.old = geo::KeyTree::none, .key = 0, .page = 0};
    const bool is_new = key.likely == no_record;
    if (!is_new) {
        const protocol::Spot from = records_[key.likely].spot;
        if (geo::Cell::shared(from, to)) return;
        move.old = geo::key_of(geo::Cell::of(from), key.likely);
    }
    // Which slot a new one gets is not known yet; most in its cell are of others anyway.
    move.key = geo::key_of(geo::Cell::of(to), is_new ? free_slot() : key.likely);
    assert(moves.size_ < moves.moves_.size());
    moves.moves_[moves.size_] = move;
    moves.whose_[moves.size_++] = &key;
}

}  // namespace herd::table
