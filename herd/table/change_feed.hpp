#pragma once

#include "herd/geo/prefetch.hpp"
#include "herd/table/record.hpp"
#include "reactor/list.hpp"
#include "reactor/pages.hpp"

#include <cassert>
#include <cstdint>

namespace herd::table {

class ChangeFeed;

// A place in the feed: between what was passed and what is next. Attached for its whole life;
// dies before the feed does.
class FeedCursor : public reactor::ListItem<FeedCursor> {
public:
    explicit FeedCursor(ChangeFeed& feed);
    ~FeedCursor() { unlink(); }

    // The record to pass next, or null at the end.
    inline const Record* peek() const;
    // Past it. Only when peek() is not null. The next one is asked of memory: what a follower makes
    // of this one goes on meanwhile.
    inline void advance();

    void seek_start();
    void seek_end();
    // Moves to behind `seq` when at most `steps` records lie behind that; otherwise returns false
    // and stays.
    bool seek(std::uint64_t seq, std::uint32_t steps);

    // Every record whose seq is at most this has been passed in its present version.
    inline std::uint64_t passed() const;

private:
    friend class ChangeFeed;

    ChangeFeed& feed_;
    std::uint32_t next_ = no_record;
};

// Every stored record exactly once, in the order of its latest change. A changed record moves to
// the end under a new number, so a follower at any speed meets each client once, at its newest, and
// no follower needs a queue.
// Invariant: along the list seq strictly increases, up to seq() at the end.
class ChangeFeed {
public:
    explicit ChangeFeed(reactor::PageArray<Record>& records) : records_(records) {}
    ChangeFeed(const ChangeFeed&) = delete;
    ChangeFeed& operator=(const ChangeFeed&) = delete;

    // Numbers the record's change and puts it at the end. O(cursors): those about to pass the
    // record step over it, those at the end step back to it.
    void touch(std::uint32_t index);

    // The record is no more: its slot is unused from now on. Nobody is told.
    void remove(std::uint32_t index);

    // The number of the latest change; 0 before the first.
    std::uint64_t seq() const { return seq_; }

    // Asserts the invariant, that the list has this many records, and that each cursor stands at
    // one of them or at the end. O(n), for tests.
    void check(std::uint32_t records) const;

private:
    friend class FeedCursor;

    void take_out(std::uint32_t index);

    reactor::PageArray<Record>& records_;
    std::uint32_t first_ = no_record;
    std::uint32_t last_ = no_record;
    std::uint64_t seq_ = 0;
    reactor::List<FeedCursor> cursors_;
};

inline const Record* FeedCursor::peek() const {
    return next_ == no_record ? nullptr : &feed_.records_[next_];
}

inline void FeedCursor::advance() {
    assert(next_ != no_record);
    next_ = feed_.records_[next_].next;
    if (next_ != no_record) geo::prefetch(feed_.records_[next_]);
}

inline std::uint64_t FeedCursor::passed() const {
    // Numbers between two records belong to changes that a later one has replaced.
    return next_ == no_record ? feed_.seq_ : feed_.records_[next_].seq - 1;
}

}  // namespace herd::table
