// What files there are, what the folder's helper does, and whether helpers sync or write (the
// disk):
//
//   current  next  folder      disk   |
//   yes      -     idle        any    | all is well
//   yes      -     making      any    | a next file is made
//   yes      yes   idle        any    | and written
//   yes      yes   installing  quiet  | and takes the name; nothing is written, answers wait
//   -        -     idle        quiet  | trouble, until retry_at_; at the start, or before the first
//   -        -     making      any    | try, helpers may still have what was given up
//   -        yes   idle        any    |
//   -        yes   installing  quiet  |
//   -        -     any         any    | stuck: they owe answers, and nobody waits
//   -        -     idle        quiet  | it is loaded while the server listens; answers wait, or it
//                                     | is stuck in that, or was
//
//   late --> stuck --all answered--> trouble --retry--> making --> writing --> installing --> well
//
// Answers are held only while there is a current file, or one is loaded. check_states() asserts all
// of this, at each flush and whenever a helper has answered.
#include "herd/journal/journal.hpp"

#include "herd/journal/format.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <utility>

namespace herd::journal {

Journal::Journal(Core& core, const config::Journal& config)
    : core_(core),
      title_(format_title(core.name)),
      pace_(config.pace),
      on_(!config.folder.empty()),
      always_(config.fsync == config::Fsync::always),
      listens_first_(config.listen_first),
      folder_(
          core,
          Paths::of(config.folder, core.name),
          {reactor::Delegate<void(const reactor::Result<int>&)>::to<&Journal::on_made>(*this),
           reactor::Delegate<void(const reactor::Result<void>&)>::to<&Journal::on_installed>(*this),
           reactor::Delegate<void(
               int, const reactor::Result<std::uint64_t>&)>::to<&Journal::on_found>(*this)}),
      disk_(core, folder_, *this),
      timer_(core.loop, reactor::Delegate<void()>::to<&Journal::on_timer>(*this)) {}

void Journal::pump() {
    if (!on_) return;
    check_states();
    if (late()) give_up();
    const bool idle = disk_.idle() && folder_.idle() && !(recovery_ && recovery_->waiting());
    if (stuck_ && idle) stuck_ = false;
    if (recovery_) {
        load();
    } else if (!folder_.installing()) {
        advance();
    }
    set_timer();
}

void Journal::advance() {
    assert(!folder_.installing());
    assert(core_.table.feed().seq() >= pumped_seq_);
    const std::uint64_t changes = core_.table.feed().seq() - pumped_seq_;
    pumped_seq_ += changes;
    if (current_ != nullptr) pump_current(changes);
    if (next_due() && core_.loop.now() >= retry_at_) folder_.make(current_ == nullptr);
    if (next_ != nullptr) pump_next(changes);
    make_holes();
    if (round_due()) begin_round();
}

// Returns whether it is still there.
bool Journal::pump_file(File& file, std::uint64_t count) {
    if (const auto done = disk_.pump(file, count); !done) {
        drop_failed(file, "write", describe(done.error()));
        return false;
    }
    if ((file.behind() || file.emptying()) && !file.busy()) core_.wire.post_flush();
    return true;
}

void Journal::pump_current(std::uint64_t changes) {
    assert(current_ != nullptr);
    // Then cork_until_synced() has let answers go.
    const bool owes_all = !lagging_ && disk_.quiet();
    // What has changed, as much once more of regions that are emptied, and some more: so it catches
    // up, and stays small, whatever the load.
    if (!pump_file(*current_, 2 * changes + pace_.overdue_per_pump)) return;
    lagging_ = current_->behind();
    assert(!owes_all || !lagging_);
    // What has expired before it was written needs no round.
    const bool clean = !disk_.in_round() && !dirty();
    if (clean) synced_seq_ = current_->seq();
    release(settled_seq());
}

void Journal::pump_next(std::uint64_t changes) {
    assert(next_ != nullptr);
    if (!next_waits() && !pump_file(*next_, changes + pace_.records_per_pump)) return;
    next_whole_ = next_whole_ || !next_->behind();
    if (next_ready()) {
        folder_.install(aside_, kept_ + 1, current_ != nullptr ? current_->fd() : -1);
    }
}

// Not in the last steps of a next file, which want the disk quiet at some moment.
void Journal::make_holes() {
    if (folder_.installing() || next_whole_) return;
    if (current_ != nullptr) disk_.punch(*current_);
    if (next_ != nullptr) disk_.punch(*next_);
}

bool Journal::next_ready() const {
    const bool able = disk_.quiet() && !folder_.busy();
    return able && table::rules::replaces({.complete = next_has_all(), .synced = next_synced_});
}

// For the disk. It may have some more to wait for than the current file: so it catches up even when
// the disk is slower than the clients are.
bool Journal::next_waits() const {
    assert(next_ != nullptr);
    const std::uint64_t usual = current_ != nullptr ? current_->unsynced() : 0;
    return next_->unsynced() > usual + pace_.unsynced_max;
}

// A helper may need what it still has: a buffer, a name, or the descriptor of a folder.
bool Journal::next_due() const {
    if (stuck_ || recovery_ || next_ != nullptr || !folder_.idle() || disk_.given_up() > 0)
        return false;
    if (current_ == nullptr) return disk_.idle();
    return (troubled_ || doubtful_ || current_->outgrown()) && !leaving_;
}

bool Journal::next_has_all() const {
    assert(next_ != nullptr);
    return next_->seq() >= (current_ != nullptr ? current_->last_seq() : core_.table.feed().seq());
}

void Journal::on_made(const reactor::Result<int>& fd) {
    check_states();
    assert(next_ == nullptr);
    if (!fd) return report_trouble(folder_.place().next, "open", describe(fd.error()));
    if (stuck_ || (leaving_ && current_ != nullptr)) {
        folder_.close(*fd);
        return folder_.remove_next();
    }
    assert(*fd >= 0);
    next_ = &disk_.add_new(*fd, pace_.slack);
    next_synced_ = next_whole_ = false;
    if (const auto done = next_->write(title_); !done) {
        drop_failed(*next_, "write", describe(done.error()));
    }
}

void Journal::on_installed(const reactor::Result<void>& done) {
    check_states();
    if (next_ != nullptr) {
        if (done) return take_over();
        if (done.error().value != EAGAIN) {
            return drop_failed(*next_, "rename", describe(done.error()));
        }
        drop_next();
        return report_trouble(folder_.place().file, "rename", "another server has this file");
    }
    // It was given up meanwhile, and is complete up to then.
    if (done) on_named();
}

// The old file has gone, or stands beside.
void Journal::on_named() {
    if (std::exchange(aside_, Aside::none) == Aside::refused) ++kept_;
    folder_dirty_ = true;
}

void Journal::take_over() {
    assert(next_ != nullptr);
    assert(disk_.quiet());
    assert(!folder_.busy());
    if (current_ != nullptr) close_file(current_);
    current_ = std::exchange(next_, nullptr);
    on_named();
    // What is in the kept ones is in this one, too, and on the disk.
    if (refused_ == 0) folder_.remove_refused(std::exchange(kept_, 0));
    next_synced_ = next_whole_ = doubtful_ = false;
    lagging_ = current_->behind();
    last_try_ = false;
    pause_ = pause_min;
    ++core_.counters.journal_renewals;
    const bool recovered = std::exchange(troubled_, false);
    core_.log.event(Level::info, recovered ? "journal_recovered" : "journal_renewed")
        .field("bytes", current_->kept());
}

void Journal::drop_failed(File& file, std::string_view what, std::string_view reason) {
    assert(&file == current_ || &file == next_);
    const bool is_next = &file == next_;
    if (is_next) {
        drop_next();
    } else {
        close_file(current_);
        release(UINT64_MAX);
    }
    const Paths& place = folder_.place();
    report_trouble(is_next ? place.next : place.file, what, reason);
}

void Journal::drop_next() {
    assert(next_ != nullptr);
    folder_.remove_next();
    close_file(next_);
    next_synced_ = next_whole_ = round_.next_complete = false;
}

void Journal::report_trouble(std::string_view path,
                             std::string_view what,
                             std::string_view reason) {
    assert(on_);
    assert(!reason.empty());
    ++core_.counters.journal_failures;
    last_try_ = false;
    retry_at_ = core_.loop.now() + pause_;
    pause_ = std::min(2 * pause_, pause_max);
    if (std::exchange(troubled_, true)) return;
    core_.log.event(Level::error, "journal_failed")
        .field("file", path)
        .field("what", what)
        .field("reason", reason);
}

// What is not deferred is written in this iteration's flush, before the answer leaves.
void Journal::cork_until_synced(reactor::Stream& stream) {
    const bool unread = table::rules::waits_for_load(loading());
    if (current_ == nullptr && !unread) return;
    const bool deferred = unread || always_ || lagging_ || !disk_.quiet() || folder_.installing();
    const std::uint64_t seq = core_.table.feed().seq();
    if (!deferred || (!unread && settled_seq() >= seq)) return;
    held_.add(seq, core_.loop.now(), limit());
    stream.cork(seq);
}

void Journal::release(std::uint64_t seq) {
    held_.release(seq);
    core_.wire.uncork(seq);
}

// Since when the oldest of what is waited for has been under way. Nobody waits for a next file to
// be made.
reactor::Instant Journal::waiting_since() const {
    reactor::Instant since = reactor::Instant::max();
    if (stuck_) return since;
    // A load that goes on is waited for, as long as that takes.
    if (recovery_) return recovery_->waiting() ? recovery_->waiting_since() : since;
    if (!held_.empty()) since = held_.since();
    if (disk_.in_round()) since = std::min(since, round_begun_);
    if (disk_.writing()) since = std::min(since, disk_.writing_since());
    if (folder_.installing()) since = std::min(since, folder_.busy_since());
    return since;
}

bool Journal::late() const {
    const reactor::Instant since = waiting_since();
    if (since == reactor::Instant::max()) return false;
    return table::rules::late((core_.loop.now() - since).count(), limit().count());
}

void Journal::give_up() {
    assert(!stuck_);
    stuck_ = true;
    if (next_ != nullptr) drop_next();
    if (current_ != nullptr) close_file(current_);
    release(UINT64_MAX);
    report_trouble(folder_.place().file, "stuck", "no answer from the disk within journal_ms");
}

bool Journal::dirty() const {
    return current_ != nullptr && (folder_dirty_ || current_->unsynced() > 0);
}

bool Journal::pressing() const {
    return (current_ != nullptr && current_->pressing()) || (next_ != nullptr && next_->pressing());
}

// What is ready to be installed comes before the next round, which would take that from it.
bool Journal::round_due() const {
    if (disk_.in_round() || folder_.installing()) return false;
    if (next_ != nullptr && next_waits()) return true;
    if (!next_whole_ && pressing()) return true;
    if (next_synced_) return false;
    if (next_ != nullptr && next_has_all()) return true;
    const bool time = core_.loop.now() - round_begun_ >= round_interval;
    return dirty() && (always_ || leaving_ || folder_dirty_ || time);
}

void Journal::begin_round() {
    assert(!disk_.in_round());
    assert(!folder_.installing());
    assert(current_ == nullptr || current_->seq() >= synced_seq_);
    round_ = {.seq = current_ != nullptr ? current_->seq() : 0,
              .next_complete = next_ != nullptr && next_has_all()};
    round_begun_ = core_.loop.now();
    next_synced_ = false;
    for (File* const file : {next_, current_}) {
        if (file == nullptr) continue;
        disk_.sync(*file);
    }
    if (std::exchange(folder_dirty_, false) && folder_.fd() >= 0) disk_.sync_folder(folder_.fd());
    if (!disk_.in_round()) on_round_ended();
}

// What comes next begins in pump().
void Journal::on_failed(File* file, std::string_view what, reactor::Errno error) {
    assert(!what.empty());
    check_states();
    if (file == nullptr) file = current_;
    if (file != nullptr) drop_failed(*file, what, describe(error));
}

void Journal::on_written(File& file) {
    check_states();
    assert(&file == current_ || &file == next_);
    if (&file == current_) release(settled_seq());
}

void Journal::on_round_ended() {
    assert(!disk_.in_round());
    next_synced_ = next_ != nullptr && round_.next_complete;
    if (current_ != nullptr) {
        synced_seq_ = std::max(synced_seq_, round_.seq);
        release(settled_seq());
    }
    core_.wire.post_flush();
}

// What is due already waits for an answer of a helper, which wakes us.
void Journal::set_timer() {
    reactor::Instant wake = reactor::Instant::max();
    const auto consider = [&](reactor::Instant due) {
        if (due > core_.loop.now()) wake = std::min(wake, due);
    };
    if (!disk_.in_round() && dirty()) consider(round_begun_ + round_interval);
    if (next_due()) consider(retry_at_);
    const reactor::Instant since = waiting_since();
    if (since != reactor::Instant::max()) consider(since + limit());
    if (wake == reactor::Instant::max()) return;
    if (!timer_.pending() || timer_.due() > wake) timer_.start_at(wake);
}

void Journal::leave() {
    if (!on_) return;
    leaving_ = true;
    if (current_ != nullptr && next_ != nullptr && !folder_.installing()) drop_next();
    if (current_ == nullptr) try_last();
    tick();
    core_.wire.post_flush();
}

// What is in no file by now is lost when the server has gone. The trouble may be over.
void Journal::try_last() {
    assert(leaving_);
    if (stuck_ || recovery_) return;
    last_try_ = true;
    retry_at_ = core_.loop.now();
    core_.wire.post_flush();
}

bool Journal::owes() const {
    if (!on_ || stuck_) return false;
    if (recovery_) return !held_.empty();
    if (disk_.in_round() || !folder_.idle()) return true;
    if (current_ == nullptr) return next_ != nullptr || last_try_;
    return dirty() || disk_.writing() || current_->behind();
}

}  // namespace herd::journal
