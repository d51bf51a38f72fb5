#pragma once

#include "herd/core.hpp"
#include "herd/journal/load.hpp"
#include "herd/outcome.hpp"
#include "reactor/helper.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/sys.hpp"
#include "reactor/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace herd::journal {

// Where one server's journal is.
struct Paths {
    std::string folder;
    std::string file;
    std::string next;  // what is to take the file's place

    static Paths of(const std::string& folder, std::string_view server);
};

// Why a file is to be kept under another name when a new one takes the journal's name. The other
// name says it.
enum class Aside : std::uint8_t {
    none,
    bad,      // <name>.bad-<seconds>: not read, no journal, rotten in part, or put there by others
    refused,  // <name>.refused-<number>: the server could not take all of its records
};

inline constexpr std::size_t path_size_max = 4096;  // Linux's PATH_MAX, with the zero

// What a server begins with: its journal's file, to be gone on with, or the reason why it cannot
// be.
struct Recovered {
    int fd = -1;                // -1: there is a reason
    std::uint64_t size = 0;     // All of it is good.
    reactor::Errno error = {};  // the reason
    Aside aside = Aside::none;
    // How many files that were put aside before, as refused, have been read; and how many records
    // of all files were refused again.
    std::uint32_t kept = 0;
    std::uint64_t refused = 0;
};

// Fills the server's table from the journal's file, and cuts off what is not good. Then the table
// takes what it can of files that were put aside for want of room or for their stamps: that may be
// all, by now. What can be read but not written is loaded, too; what is not a journal is put aside.
//
//   begin() --> read_all()                       before the server does anything else
//   begin() --> read_beside() --turn()--> whole  while it serves: a helper reads, a piece at a time
//
// A helper that hangs keeps what it uses. Maps the buffer for a piece. Owned by the Journal.
class Recovery {
public:
    // `place` outlives it. `piece`: how many bytes are read at a time.
    Recovery(Core& core, const Paths& place, std::uint64_t piece);
    Recovery(const Recovery&) = delete;
    Recovery& operator=(const Recovery&) = delete;
    ~Recovery();

    // Once, first: opens the file, for this server alone, and reads how it begins. Fails when the
    // server must not start: it would go on with what is not its own, or with what others have.
    Outcome<> begin();
    // Fails also when it would lose what it could not read.
    Outcome<Recovered> read_all();

    reactor::Result<void> read_beside();
    // Takes up to so many lines, and has more read when there are none. Wants a flush when it is
    // to be called again. A file that cannot be read is logged, and counts as refused.
    void turn(std::uint64_t lines);
    bool whole() const { return whole_; }
    // When it is: the descriptor is the caller's.
    Recovered take();

    // The disk has been asked for something, and since when.
    bool waiting() const { return !helper_.idle(); }
    reactor::Instant waiting_since() const { return helper_.busy_since(); }
    std::uint64_t records() const { return records_ + (loading_ ? loading_->content.records : 0); }

private:
    // What waits for the disk. On pages of its own, as a helper that hangs may outlive this.
    struct Step {
        enum class What : std::uint8_t { open, read, cut, end };
        What what;
        bool in_hole;  // It is passed over, and then what is behind it read.
        int fd;        // of a file that is opened: where it is
        int error;
        std::uint64_t size;     // to which the file is cut; or how many bytes were read
        std::uint64_t skipped;  // of a hole
        std::span<char> room;
        std::array<char, path_size_max> path;
    };

    static void make(void* wanted);
    void prepare();
    Outcome<> on_made();
    Outcome<> on_end();
    Outcome<> open_file();
    Outcome<> check_title();
    void read(int fd);
    void read_next_kept();
    void give_up_file(std::string_view reason);
    void on_answer(const reactor::sys::Errand&);
    Step& step() { return step_[0]; }
    std::string_view path() { return of_kept_ ? step().path.data() : place_.file.c_str(); }

    Core& core_;
    const Paths& place_;
    std::uint64_t piece_;
    reactor::Helper helper_;
    reactor::PageArray<Step> step_;
    reactor::Pages buffer_;
    std::optional<Loading> loading_;  // of the file that is read
    int fd_ = -1;                     // that file, unless it is the one of found_
    bool of_kept_ = false;
    bool whole_ = false;
    std::uint64_t records_ = 0;  // of the files before
    Recovered found_;
};

// Puts the file aside as bad, under a name that nothing had, which is written to `out` with a zero
// behind it: it keeps its own until another takes that, where the file system has links. May wait
// for the disk. Takes no memory.
reactor::Result<std::string_view> put_aside(const char* file, std::span<char> out);
// The name, with a zero behind it, of the refused one of that number, from 1 on. Takes no memory.
reactor::Result<std::string_view> name_refused(const Paths& place,
                                               std::uint32_t number,
                                               std::span<char> out);
void log_put_aside(Core& core, std::string_view path);

}  // namespace herd::journal
