#pragma once

#include "herd/core.hpp"
#include "herd/journal/recovery.hpp"
#include "reactor/delegate.hpp"
#include "reactor/helper.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/sys.hpp"
#include "reactor/time.hpp"

#include <array>
#include <cstdint>

namespace herd::journal {

// The folder of a journal while its server runs: what a renewal does to the names in it. To make,
// rename or remove a file may wait for the disk for milliseconds, so a helper does it, one step
// after the other, and its owner is told of the end of each of these:
//
//   make      [the folder is opened]  ->  the next file is made                ->  made
//   install   [what is there is looked at]  ->  [and put aside]  ->
//             the next file gets the name                                      ->  installed
//   find                                                                       ->  found
//
// Owned by the Journal. One of them at a time. On a disk that hangs they do not end: whoever gives
// up waiting makes nothing anew until idle().
class Folder {
public:
    struct Told {
        reactor::Delegate<void(const reactor::Result<int>&)> made;  // the empty file, to be kept
        reactor::Delegate<void(const reactor::Result<void>&)> installed;
        // How long, in bytes, the open file of that descriptor is; EEXIST: another file has the
        // journal's name, ENOENT: none has.
        reactor::Delegate<void(int fd, const reactor::Result<std::uint64_t>& size)> found;
    };

    Folder(Core& core, Paths place, const Told& told);
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();

    // Once, before the loop runs, so it may wait: a helper, and the folder.
    reactor::Result<void> start_helper();
    reactor::Result<void> open();

    // `anew`: the folder may be another one by now, or missing.
    void make(bool anew);
    // `number`: of what is put aside as refused. `replaced`: what is to have the name until then;
    // -1: whatever it is. If it is another file that one is put aside as bad.
    void install(Aside aside, std::uint32_t number, int replaced);
    // The open file of that descriptor, under the journal's name.
    void find(int fd);
    // Nobody is told the end of these: the next file; all that were put aside as refused, the last
    // one first, of that many; any descriptor. Nothing is put aside as refused after that.
    void remove_next();
    void remove_refused(std::uint32_t count);
    void close(int fd);

    bool busy() const { return step_ != Step::none; }
    bool making() const { return step_ == Step::opening || step_ == Step::making; }
    // All that was asked is done, also what nobody is told of.
    bool idle() const { return helper_.idle(); }
    reactor::Instant busy_since() const { return helper_.busy_since(); }
    bool installing() const {
        return step_ == Step::looking || step_ == Step::putting_aside || step_ == Step::naming;
    }
    const Paths& place() const { return place_; }
    int fd() const { return fd_; }  // to be synced; -1: there is none
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    enum class Step : std::uint8_t { none, opening, making, looking, putting_aside, naming };
    // With a zero behind each. On pages of their own, as a helper that hangs may outlive this.
    struct Names {
        int error;  // of putting aside
        bool ours;  // What is put aside is the open file.
        std::array<char, path_size_max> folder;
        std::array<char, path_size_max> file;
        std::array<char, path_size_max> next;
        std::array<char, path_size_max> aside;
    };

    static void put_file_aside(void* names);
    void ask(Step step, const reactor::sys::Errand& errand);
    void ask_to_make();
    void put_aside_and_name(Aside aside);
    void ask_to_name();
    void on_done(const reactor::sys::Errand& errand);
    void on_step(Step step, const reactor::sys::Errand& errand);
    void on_opened(const reactor::sys::Errand& errand);
    void on_looked(int error);
    void on_found(const reactor::sys::Errand& errand) const;
    void on_put_aside(int error);
    Names& names() { return names_[0]; }
    void keep(int fd);

    Core& core_;
    Paths place_;
    Told told_;
    reactor::Helper helper_;
    Step step_ = Step::none;
    Aside aside_ = Aside::none;  // What becomes of what the next file replaces,
    std::uint32_t number_ = 0;   // and of how many refused ones it is the last.
    bool beside_ = false;        // It has another name, too.
    int fd_ = -1;
    std::uint32_t removing_ = 0;  // So many refused ones are still to be removed.
    reactor::PageArray<Names> names_;
};

}  // namespace herd::journal
