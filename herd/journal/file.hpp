#pragma once

#include "herd/journal/regions.hpp"
#include "herd/table/follower.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/rules.hpp"
#include "reactor/result.hpp"
#include "reactor/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::journal {

// One file of a journal while it is written: a follower of the change feed, which hands on to the
// kernel. A write that fails may leave half a line behind: then the file is to be given up. The
// descriptor is its owner's to close, once no helper has it: when unanswered() is 0.
class File {
public:
    // A file of `size` bytes, which has all changes that `position` says.
    File(table::LocationTable& table,
         int fd,
         std::uint64_t size,
         const table::rules::Position& position);

    // Once, first: from now on its regions say what is written once more, and what becomes a hole.
    void keep_small(const Regions& regions);

    // Likewise: it has the records that came from there, whichever changes they are by now.
    void leave_out(std::uint32_t source);

    reactor::Result<void> write(std::string_view bytes);
    // Writes up to `count` changes, and records of a region that is emptied, through `buffer`,
    // which must hold the longest line. A stretch of a sweep without changes, or of slots without
    // such records, counts as one. Not while it is busy.
    reactor::Result<void> pump(std::span<char> buffer, std::uint64_t count, reactor::Instant now);

    // Takes as many of the next `count` of these as the buffer holds. They are the caller's to have
    // written by a helper: until on_written() it is busy, if there are any.
    std::string_view take(std::span<char> buffer, std::uint64_t count, reactor::Instant now);
    void on_written();
    bool busy() const { return writing_ > 0; }

    // There are changes that it has not taken yet.
    bool behind() const { return follower_.behind(); }
    // It has records to write once more, when it is not behind.
    bool emptying() const { return regions_.emptying(); }
    // Of all changes up to this one it has the record as it was then, or a newer one.
    std::uint64_t seq() const { return seq_; }
    // Whoever has all changes up to this one has all that the file has.
    std::uint64_t last_seq() const { return std::max(seq_, loaded_seq_); }

    // A helper is asked to sync what is written when this is called: it is on the disk when that
    // is `done`.
    void mark();
    void on_synced(bool done);

    // The next part of it that may become a hole, which a helper is asked to make. One at a time.
    std::optional<Regions::Hole> next_hole();
    void on_hole(const Regions::Hole& hole, bool done);
    // A round of the disk is wanted, as it takes too much room; and there is something to sync.
    bool pressing() const { return unsynced() > 0 && regions_.pressing(synced_); }
    bool outgrown() const { return regions_.outgrown(); }

    // Errands of helpers.
    unsigned unanswered() const { return unsettled_ + (holed_ ? 1U : 0U) + (busy() ? 1U : 0U); }
    // Nobody writes to it any more but who has begun to.
    void give_up() { given_up_ = true; }
    bool given_up() const { return given_up_; }

    int fd() const { return fd_; }
    // What it takes of the disk.
    std::uint64_t kept() const { return regions_.on() ? regions_.kept() : size_; }
    std::uint64_t size() const { return size_; }
    std::uint64_t unsynced() const { return size_ - synced_; }

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    std::string_view fill(std::span<char> buffer, std::uint64_t& count, reactor::Instant now);
    std::uint64_t complete_seq() const;
    std::size_t put(std::span<char> buffer, const table::Record& record);
    std::size_t put_again(std::span<char> buffer);

    table::LocationTable& table_;
    table::Follower follower_;
    Regions regions_;
    std::uint32_t has_from_ = 0;
    std::uint64_t loaded_seq_ = 0;  // No record that came from there is a later change.
    int fd_;
    std::uint64_t seq_;
    std::uint64_t taken_seq_ = 0;  // What seq_ will be when all that was taken is written.
    std::size_t writing_ = 0;      // Bytes of it that a helper writes.
    std::uint64_t size_;
    std::uint64_t marked_ = 0;
    std::uint64_t synced_ = 0;  // Nobody knows of what an earlier run has written.
    unsigned unsettled_ = 0;    // Syncs that were asked; one at a time.
    bool holed_ = false;        // A hole was asked for.
    bool given_up_ = false;
};

}  // namespace herd::journal
