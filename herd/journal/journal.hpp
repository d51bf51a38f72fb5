#pragma once

#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/journal/file.hpp"
#include "herd/journal/folder.hpp"
#include "herd/journal/recovery.hpp"
#include "herd/outcome.hpp"
#include "reactor/helper.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/stream.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace herd::journal {

// What a server knows, in a file, for when it is started again: one more follower of the change
// feed. Every flush hands what has changed to the kernel, before links and answers: that outlives
// the process. A helper thread has it put on the disk, in rounds: that outlives the machine. With
// Fsync::second a round begins at most every second; with Fsync::always at once, and answers wait
// for it (hold). In a round a write may wait for the disk, too: then another helper writes, and
// answers wait for that. So the loop never does.
//
//   current   the file under the journal's name; null in trouble
//   next      a new file, `<name>.new`, written while the server goes on: the whole table from the
//             feed's start, then what changes. When it has all that the current one has, on the
//             disk too, it takes its name (install) and its place. Until it has the name nothing is
//             written, and answers wait: nobody knows which of the two a restart would find.
//
// A next file is begun when the current one has outgrown what is in it and, again and again, in
// trouble: a file of which a write or a sync has failed is never touched again. Meanwhile the
// server goes on without, says so, and holds no answer back. One is begun after each start, too:
// had a sync failed in the run before, the kernel would still read us all of that file, the disk
// may lack a part for good, and no later sync would say so.
class Journal {
public:
    static constexpr reactor::Duration round_interval = std::chrono::seconds(1);
    static constexpr reactor::Duration pause_min = std::chrono::seconds(1);
    static constexpr reactor::Duration pause_max = std::chrono::seconds(30);

    Journal(Core& core, const config::Journal& config);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal();

    // Once, before the rest of the server does anything: fills the table with what is in the file.
    // Fails when the server must not start, as it would later overwrite what it could not read.
    Outcome<> open();

    // In each flush, first.
    void pump();
    // Before the answer to a report that the table has: corks `stream` if it must wait.
    void hold(reactor::Stream& stream);

    // "ok", or "failed" for as long as nothing can be kept.
    std::string_view state() const { return troubled_ ? "failed" : "ok"; }

    // The server shuts down: what is not on the disk is put there now.
    void leave();
    bool owes() const;

private:
    // Syncs that were asked together.
    struct Round {
        unsigned pending = 0;
        std::uint64_t seq = 0;       // the changes that they cover
        bool next_complete = false;  // The next file had all of them, too.
    };

    void go_on(const Recovered& start);
    std::uint64_t table_bytes() const;

    // The two files.
    std::span<char> buffer_of(const File& file);
    bool pump_file(File& file, std::uint64_t count);
    void pump_next(std::uint64_t changes);
    bool next_waits() const;
    bool outgrown() const { return current_->size() > 2 * base_ + pace_.slack; }
    bool next_due() const;
    bool next_ready() const;
    void on_made(const reactor::Result<int>& fd);
    void on_installed(const reactor::Result<void>& done);
    void take_over();
    void drop_next();
    void retire(File*& file);
    void lose(File& file, std::string_view what, reactor::Errno error);
    void complain(std::string_view what, reactor::Errno error);

    // The disk.
    bool in_round() const { return round_.pending > 0 || folder_.installing(); }
    bool next_has_all() const;
    bool dirty() const;
    bool round_due() const;
    void begin_round();
    void ask_sync(File& file);
    File* find(const reactor::sys::Errand& errand);
    void on_synced(const reactor::sys::Errand& errand);
    void on_written(const reactor::sys::Errand& errand);
    void end_round();
    std::uint64_t settled_seq() const { return always_ ? synced_seq_ : current_->seq(); }
    void release(std::uint64_t seq) { core_.wire.uncork(seq); }
    void set_timer();
    void on_timer() { core_.wire.post_flush(); }

    Core& core_;
    std::string title_;  // The first line.
    config::JournalPace pace_;
    bool always_;
    bool leaving_ = false;
    bool troubled_ = false;      // Something has failed, and that was logged.
    bool doubtful_ = false;      // The disk may lack what the file had at the start.
    bool put_aside_ = false;     // What is under the name is to be kept: see Recovered.
    bool folder_dirty_ = false;  // A name has changed, and not on the disk yet.
    bool next_synced_ = false;   // The disk has as much of the next file as of the current one.
    Folder folder_;
    reactor::Helper syncer_;
    reactor::Helper writer_;
    reactor::Timer timer_;
    reactor::PageArray<char> buffers_;  // Of each file one.
    reactor::Slab<File> files_;
    File* current_ = nullptr;
    File* next_ = nullptr;
    std::uint64_t base_ = 0;        // What the current file began with, in bytes: the table.
    std::uint64_t next_base_ = 0;   // The next one; 0: it has not come that far.
    std::uint64_t pumped_seq_ = 0;  // Of the feed, at the last pump.
    std::uint64_t synced_seq_ = 0;  // Up to here the disk has what the current file had.
    unsigned lingering_ = 0;        // Files given up of which a helper still writes.
    Round round_;
    reactor::Instant round_begun_{};
    reactor::Instant retry_at_{};
    reactor::Duration pause_ = pause_min;
};

}  // namespace herd::journal
