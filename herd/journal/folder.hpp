#pragma once

#include "herd/core.hpp"
#include "herd/journal/recovery.hpp"
#include "reactor/delegate.hpp"
#include "reactor/helper.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cstdint>

namespace herd::journal {

// The folder of a journal while its server runs: what a renewal does to the names in it. To make,
// rename or remove a file may wait for the disk for milliseconds, so a helper does it, one step
// after the other, and its owner is told of the end of each of these:
//
//   make      [the folder is opened]  ->  the next file is made                ->  made
//   install   [what is there is put aside]  ->  the next file gets the name    ->  installed
//
// Owned by the Journal. One of them at a time.
class Folder {
public:
    struct Told {
        reactor::Delegate<void(const reactor::Result<int>&)> made;  // the empty file, to be kept
        reactor::Delegate<void(const reactor::Result<void>&)> installed;
    };

    Folder(Core& core, Paths place, const Told& told);
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();

    // Once, before the loop runs, so it may wait: a helper, and the folder.
    reactor::Result<void> start_helper() { return helper_.open(); }
    reactor::Result<void> open();

    // `anew`: the folder may be another one by now, or missing.
    void make(bool anew);
    // `aside`: nobody knows what is under the name, so it is kept under another one.
    void install(bool aside);
    // Of the next file, and of any; nobody is told.
    void remove_next();
    void close(int fd);

    bool busy() const { return step_ != Step::none; }
    bool installing() const { return step_ == Step::putting_aside || step_ == Step::naming; }
    const Paths& place() const { return place_; }
    int fd() const { return fd_; }  // to be synced; -1: there is none

private:
    enum class Step : std::uint8_t { none, opening, making, putting_aside, naming };

    void ask(Step step, const reactor::sys::Errand& errand);
    void ask_to_make();
    void ask_to_name();
    void on_done(const reactor::sys::Errand& errand);
    void on_opened(const reactor::sys::Errand& errand);
    void on_put_aside(int error);
    void keep(int fd);

    Core& core_;
    Paths place_;
    Told told_;
    reactor::Helper helper_;
    Step step_ = Step::none;
    int fd_ = -1;
    std::array<char, path_size_max> aside_{};
};

}  // namespace herd::journal
