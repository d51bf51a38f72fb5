// How a journal begins: with what its file says, which it is told before the server listens, or
// while that serves.
#include "herd/journal/format.hpp"
#include "herd/journal/journal.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <string>

namespace herd::journal {

namespace sys = reactor::sys;

namespace {

std::unexpected<std::string> refuse(const Paths& place, reactor::Errno error) {
    return failure("journal " + place.file, error);
}

}  // namespace

Outcome<> Journal::open() {
    if (!on_) return {};
    assert(current_ == nullptr);
    assert(next_ == nullptr);
    const Paths& place = folder_.place();
    if (const auto opened = disk_.open(core_.table.line_size_max() + frame_size, pace_.batch);
        !opened) {
        return refuse(place, opened.error());
    }
    if (const auto opened = folder_.start_helper(); !opened) return refuse(place, opened.error());
    recovery_.emplace(core_, place, pace_.piece);
    if (auto begun = recovery_->begin(); !begun) return begun;
    if (listens_first_) {
        // So that nothing waits for the disk later on; what is wrong with it shows then.
        static_cast<void>(folder_.open());
        const auto opened = recovery_->read_beside();
        return opened ? Outcome<>() : refuse(place, opened.error());
    }
    core_.table.leave_positions();
    const auto start = recovery_->read_all();
    if (!start) return std::unexpected(start.error());
    recovery_.reset();
    if (const auto indexed = core_.table.index_positions(); !indexed) {
        return refuse(place, indexed.error());
    }
    go_on(*start);
    core_.wire.post_flush();
    return {};
}

// A turn of a load while the server serves.
void Journal::load() {
    recovery_->turn(pace_.lines_per_pump);
    if (!recovery_->whole()) return;
    const Recovered start = recovery_->take();
    core_.log.event(Level::info, "journal_whole").field("records", recovery_->records());
    recovery_.reset();
    // What they wait for now has only just been begun.
    held_.begin_anew(core_.loop.now());
    go_on(start);
    if (current_ == nullptr) release(UINT64_MAX);
    core_.wire.post_flush();
}

void Journal::go_on(const Recovered& start) {
    assert(current_ == nullptr);
    assert(start.fd < 0 || start.error == reactor::Errno{});
    pumped_seq_ = core_.table.feed().seq();
    aside_ = start.aside;
    kept_ = start.kept;
    refused_ = start.refused;
    const Paths& place = folder_.place();
    if (start.fd < 0) return report_trouble(place.file, "open", describe(start.error));
    if (folder_.fd() < 0) {
        if (const auto opened = folder_.open(); !opened) {
            sys::close(start.fd);
            return report_trouble(place.folder, "open", describe(opened.error()));
        }
    }
    current_ = start.size == 0  ? &disk_.add_new(start.fd, pace_.slack)
               : listens_first_ ? &disk_.add_loaded(start.fd, start.size, pace_.slack)
                                : &disk_.add_old(start.fd, start.size, pace_.slack);
    // An empty one lacks what the files beside it have; any, what has come while it was read.
    lagging_ = current_->behind();
    folder_dirty_ = true;
    doubtful_ = table::rules::doubtful(start.size) || start.kept > 0;
    if (start.size > 0) return;
    const auto done = current_->write(title_);
    if (!done) drop_failed(*current_, "write", describe(done.error()));
}

}  // namespace herd::journal
