#pragma once

#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/journal/disk.hpp"
#include "herd/journal/file.hpp"
#include "herd/journal/folder.hpp"
#include "herd/journal/held.hpp"
#include "herd/journal/recovery.hpp"
#include "herd/outcome.hpp"
#include "reactor/result.hpp"
#include "reactor/stream.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace herd::journal {

// What a server knows, in a file, for when it is started again: one more follower of the change
// feed. Every flush hands what has changed to the kernel, before links and answers: that outlives
// the process. A helper thread has it put on the disk, in rounds: that outlives the machine. With
// Fsync::second a round begins at most every second; with Fsync::always at once, and answers wait
// for it (cork_until_synced). In a round a write may wait for the disk, too: then another helper
// writes, and answers wait for that. So do those of records that a flush does not come to: it
// writes so many of a file, and no more. What is answered of a record must be in the file however
// often that has changed meanwhile, so behind one that is late all wait until nothing is.
//
//   current   the file under the journal's name; null in trouble
//   next      a new file, `<name>.new`, written while the server goes on: the whole table from the
//             feed's start, then what changes. When it has all that the current one has, on the
//             disk too, it takes its name (install) and its place. Until it has the name nothing is
//             written, and answers wait: nobody knows which of the two a restart would find.
//
// A file is kept small by holes where lines were that others have replaced (Regions). A next file
// is begun when the current one is large nevertheless, as the file system makes no holes, or long
// by them, and, again and again, in trouble: a file of which a write or a sync has failed, or that
// somebody else has touched (removed, replaced, cut, written to), is never touched again. Meanwhile
// the server goes on without, says so, and holds no answer back. One is begun after each start,
// too: if a sync failed in the run before, the kernel still reads us all of that file, although the
// disk may lack a part for good, and no later sync says so.
//
// Nothing waits for the disk for longer than limits.journal_ms: no answer, counted from when it was
// held back, and none of a sync, a write or a rename. A disk that says nothing for so long is in
// trouble like one that fails (stuck): both files are given up, and nothing is begun anew until it
// has answered all that it was asked. The states are above journal.cpp.
//
// With listen_first the file is read while the server serves, a few lines in each flush. Until it
// has all of it nothing is written, and all answers to reports wait, as a run that is killed then
// leaves the file as it was. So they do when the disk is slow; when it says nothing for as long as
// above, they leave, and the load goes on as soon as it answers.
class Journal final : DiskEvents {
public:
    static constexpr reactor::Duration round_interval = std::chrono::seconds(1);
    static constexpr reactor::Duration pause_min = std::chrono::seconds(1);
    static constexpr reactor::Duration pause_max = std::chrono::seconds(30);

    Journal(Core& core, const config::Journal& config);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal() = default;

    // Whether a journal is kept at all. Without one, nothing below does anything, and nothing is
    // owed.
    bool on() const { return on_; }

    // Once, before the rest of the server does anything: fills the table with what is in the file,
    // or begins to (listen_first). Fails when the server must not start, as it would later
    // overwrite what it could not read.
    Outcome<> open();

    // In each flush, first.
    void pump();
    // About once a second: looks whether somebody has touched the current file.
    void tick();
    // From now on answers wait for the disk, or do not any longer.
    void sync_always(bool wanted) { always_ = wanted; }
    // Before the answer to a report that the table has: corks `stream` if it must wait.
    void cork_until_synced(reactor::Stream& stream);

    // "off", "loading", "ok", or "failed" for as long as nothing can be kept.
    std::string_view state() const {
        return !on_ ? "off" : troubled_ ? "failed" : recovery_ ? "loading" : "ok";
    }
    // All of its file has been read.
    bool whole() const { return !recovery_; }
    // How many records it has read so far, while it is loading; else 0.
    std::uint64_t loaded() const { return recovery_ ? recovery_->records() : 0; }
    // What the current file takes of the disk, in bytes; 0: there is none.
    std::uint64_t size() const { return current_ == nullptr ? 0 : current_->kept(); }
    // Of these, what the disk may lack.
    std::uint64_t unsynced() const { return current_ == nullptr ? 0 : current_->unsynced(); }
    const reactor::TimeHistogram& sync_times() const { return disk_.sync_times(); }
    // Asserts that it is in a state that there is, and all that it consists of. After open(). For
    // tests.
    void check() const;

    // The server shuts down: what is not on the disk is put there now.
    void leave();
    bool owes() const;

private:
    // What the latest syncs cover that were asked together.
    struct Round {
        std::uint64_t seq = 0;       // changes
        bool next_complete = false;  // The next file had all of them, too.
    };

    void check_states() const;
    // Its file is read while the server listens, and answers wait for that.
    bool loading() const { return recovery_.has_value() && !troubled_; }
    void load();
    void go_on(const Recovered& start);

    // The two files.
    void advance();
    bool pump_file(File& file, std::uint64_t count);
    void pump_current(std::uint64_t changes);
    void pump_next(std::uint64_t changes);
    void make_holes();
    bool next_waits() const;
    bool next_due() const;
    bool next_ready() const;
    void on_made(const reactor::Result<int>& fd);
    void on_installed(const reactor::Result<void>& done);
    void on_found(int fd, const reactor::Result<std::uint64_t>& size);
    std::string_view what_happened(const reactor::Result<std::uint64_t>& size) const;
    void take_over();
    void on_named();
    void drop_next();
    void close_file(File*& file) { disk_.give_up(*std::exchange(file, nullptr)); }
    void drop_failed(File& file, std::string_view what, std::string_view reason);
    void report_trouble(std::string_view path, std::string_view what, std::string_view reason);

    // The disk.
    // Of all waiting for the disk.
    reactor::Duration limit() const { return std::chrono::milliseconds(core_.limits.journal_ms); }
    reactor::Instant waiting_since() const;
    bool late() const;
    void give_up();
    bool next_has_all() const;
    bool dirty() const;
    bool pressing() const;
    bool round_due() const;
    void begin_round();
    void on_failed(File* file, std::string_view what, reactor::Errno error) override;
    void on_written(File& file) override;
    void on_round_ended() override;
    std::uint64_t settled_seq() const { return always_ ? synced_seq_ : current_->seq(); }
    void release(std::uint64_t seq);
    void try_last();
    void set_timer();
    void on_timer() { core_.wire.post_flush(); }

    Core& core_;
    std::string title_;  // The first line.
    config::JournalPace pace_;
    bool on_;
    bool always_;
    bool listens_first_;
    bool leaving_ = false;
    bool troubled_ = false;      // Something has failed, and that was logged.
    bool stuck_ = false;         // The disk owes answers, which nobody waits for any more.
    bool doubtful_ = false;      // The disk may lack what the file had at the start.
    bool lagging_ = false;       // The current file has more to come than a flush writes.
    bool folder_dirty_ = false;  // A name has changed, and not on the disk yet.
    bool last_try_ = false;      // The server shuts down, and all is to be written once more.
    bool next_whole_ = false;    // The next file has been level with the feed.
    bool next_synced_ = false;   // The disk has as much of the next file as of the current one.
    Aside aside_ = Aside::none;  // Why what is under the name is to be kept.
    std::uint32_t kept_ = 0;     // Files beside it that were put aside as refused.
    std::uint64_t refused_ = 0;  // Of all that was read at the start; 0: they are to go.
    Folder folder_;
    std::optional<Recovery> recovery_;  // While the file is read.
    Disk disk_;
    reactor::Timer timer_;
    Held held_;
    File* current_ = nullptr;
    File* next_ = nullptr;
    std::uint64_t pumped_seq_ = 0;  // Of the feed, at the last pump.
    std::uint64_t synced_seq_ = 0;  // Up to here the disk has what the current file had.
    Round round_;
    std::uint64_t looked_size_ = 0;  // Of the current file, when it was last looked for;
    bool looked_exact_ = false;      // and nothing was being written to it.
    reactor::Instant round_begun_{};
    reactor::Instant retry_at_{};
    reactor::Duration pause_ = pause_min;
};

}  // namespace herd::journal
