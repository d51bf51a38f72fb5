#include "herd/table/change_feed.hpp"

#include <cassert>

namespace herd::table {

FeedCursor::FeedCursor(ChangeFeed& feed) : feed_(feed) {
    feed.cursors_.push_back(*this);
}

void FeedCursor::seek_start() {
    next_ = feed_.first_;
}
void FeedCursor::seek_end() {
    next_ = no_record;
}

bool FeedCursor::seek(std::uint64_t seq, std::uint32_t steps) {
    std::uint32_t next = no_record;
    std::uint32_t previous = feed_.last_;
    while (previous != no_record && feed_.records_[previous].seq > seq) {
        if (steps-- == 0) return false;
        next = previous;
        previous = feed_.records_[previous].previous;
    }
    assert(next == no_record || feed_.records_[next].seq > seq);
    next_ = next;
    return true;
}

void ChangeFeed::touch(std::uint32_t index) {
    Record& record = records_[index];
    if (record.seq != 0) take_out(index);
    record.seq = ++seq_;
    record.previous = last_;
    record.next = no_record;
    if (last_ == no_record) {
        first_ = index;
    } else {
        records_[last_].next = index;
    }
    last_ = index;
    for (FeedCursor* cursor = cursors_.front(); cursor != nullptr;
         cursor = cursors_.next(*cursor)) {
        if (cursor->next_ == no_record) cursor->next_ = index;
    }
}

void ChangeFeed::remove(std::uint32_t index) {
    assert(index < records_.size());
    take_out(index);
    records_[index].seq = 0;
}

void ChangeFeed::check(std::uint32_t records) const {
    std::uint64_t before = 0;
    std::uint32_t previous = no_record;
    for (std::uint32_t index = first_; index != no_record; index = records_[index].next) {
        const Record& record = records_[index];
        assert(records > 0);
        --records;
        assert(record.seq > before);
        assert(record.previous == previous);
        before = record.seq;
        previous = index;
    }
    assert(records == 0);
    assert(last_ == previous);
    assert(before <= seq_);
    for (const FeedCursor* cursor = cursors_.front(); cursor != nullptr;
         cursor = cursors_.next(*cursor)) {
        assert(cursor->next_ == no_record || records_[cursor->next_].seq != 0);
        assert(cursor->passed() <= seq_);
    }
}

void ChangeFeed::take_out(std::uint32_t index) {
    const Record& record = records_[index];
    assert(record.seq != 0);
    assert(first_ != no_record);
    for (FeedCursor* cursor = cursors_.front(); cursor != nullptr;
         cursor = cursors_.next(*cursor)) {
        if (cursor->next_ == index) cursor->next_ = record.next;
    }
    if (record.previous == no_record) {
        first_ = record.next;
    } else {
        records_[record.previous].next = record.next;
    }
    if (record.next == no_record) {
        last_ = record.previous;
    } else {
        records_[record.next].previous = record.previous;
    }
}

}  // namespace herd::table
