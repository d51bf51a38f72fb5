#pragma once

#include "herd/core.hpp"
#include "herd/journal/file.hpp"
#include "herd/journal/folder.hpp"
#include "herd/table/rules.hpp"
#include "reactor/helper.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/sys.hpp"
#include "reactor/time.hpp"
#include "reactor/time_histogram.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::journal {

// What the disk has come to, of files that were not given up. None is called from inside a call of
// its owner's.
class DiskEvents {
public:
    // Null: it is the folder's names that could not be synced.
    virtual void on_failed(File* file, std::string_view what, reactor::Errno error) = 0;
    virtual void on_written(File& file) = 0;
    virtual void on_round_ended() = 0;

protected:
    ~DiskEvents() = default;
};

// The open files of one journal, and the two helpers that wait for the disk for them: one syncs, in
// rounds, one writes. While either has something to do, a write may take as long as that does, so
// the loop leaves it to the helper; in quiet it writes by itself, which costs less.
//
// What is given up stays here, with its buffer, until no helper has it; then the folder's helper
// closes it. So a helper that hangs keeps what it uses, whatever becomes of the journal.
//
// Owned by the Journal.
class Disk {
public:
    static constexpr std::uint32_t files_max = 2;

    Disk(Core& core, Folder& folder, DiskEvents& events);
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    ~Disk();

    // What that takes, of so many clients' lines.
    static std::uint64_t memory(std::size_t line_size_max,
                                std::uint64_t batch,
                                std::uint32_t clients);
    // Once, first. `line_size_max`: of the longest line of a file, with its frame. `batch`: what
    // the helper is given to write at a time, beside one line.
    reactor::Result<void> open(std::size_t line_size_max, std::uint64_t batch);

    // A file that is gone on with, of `size` bytes, which has all changes so far; or a new one, for
    // all of them. What is added is kept small, but for `slack`. It owns the descriptor. Only when
    // fewer than files_max are here.
    File& add_old(int fd, std::uint64_t size, std::uint64_t slack);
    File& add_new(int fd, std::uint64_t slack);
    File& add_loaded(int fd, std::uint64_t size, std::uint64_t slack);
    void give_up(File& file);

    // Writes up to `count` changes, or has them written. What the helper comes to is told later.
    reactor::Result<void> pump(File& file, std::uint64_t count);

    // A round: what is asked before the next return to the loop. A file that has nothing new is
    // left out.
    void sync(File& file);
    void sync_folder(int fd);
    // A hole that may be made in it by now, if there is one: by the helper that writes.
    void punch(File& file);
    bool in_round() const { return !syncer_.idle(); }

    // No helper has anything to do.
    bool quiet() const { return syncer_.idle() && writer_.idle(); }
    // Nor is there a file that was given up.
    bool idle() const { return quiet() && given_up_ == 0; }
    bool writing() const { return !writer_.idle(); }
    reactor::Instant writing_since() const { return writer_.busy_since(); }
    std::uint32_t size() const { return files_.size(); }
    std::uint32_t given_up() const { return given_up_; }
    // How long syncs took, of files, each from the beginning of its round.
    const reactor::TimeHistogram& sync_times() const { return sync_times_; }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    // From 5 milliseconds to 5 seconds.
    static constexpr std::array<reactor::Duration, 10> sync_bounds = {
        std::chrono::milliseconds(5),
        std::chrono::milliseconds(10),
        std::chrono::milliseconds(25),
        std::chrono::milliseconds(50),
        std::chrono::milliseconds(100),
        std::chrono::milliseconds(250),
        std::chrono::milliseconds(500),
        std::chrono::milliseconds(1'000),
        std::chrono::milliseconds(2'500),
        std::chrono::milliseconds(5'000)};

    void begin_round();
    std::span<char> buffer_of(const File& file);
    File& add(int fd,
              std::uint64_t size,
              const table::rules::Position& position,
              std::uint64_t slack);
    std::span<std::uint8_t> places_of(const File& file);
    File* find(const reactor::sys::Errand& errand);
    void on_synced(const reactor::sys::Errand& errand);
    void on_punched(const reactor::sys::Errand& errand);
    void on_written(const reactor::sys::Errand& errand);
    void close_unused(File& file);

    Core& core_;
    Folder& folder_;
    DiskEvents& events_;
    reactor::Helper syncer_;
    reactor::Helper writer_;
    reactor::PageArray<char> buffers_;         // Of each file one.
    reactor::PageArray<std::uint8_t> places_;  // Of each file's regions, a byte for each slot.
    reactor::Slab<File> files_;
    std::size_t piece_ = 0;  // What of a buffer the loop uses.
    std::uint32_t given_up_ = 0;
    reactor::Instant round_begun_{};
    reactor::TimeHistogram sync_times_{sync_bounds};
};

}  // namespace herd::journal
