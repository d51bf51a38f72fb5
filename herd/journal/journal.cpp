#include "herd/journal/journal.hpp"

#include "herd/journal/format.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;

namespace {

using Failure = std::unexpected<std::string>;

constexpr std::uint32_t files_max = 2;
// What is written at a time, beside one line of any length.
constexpr std::size_t batch_size = std::size_t{64} << 10;

Failure refuse(const Paths& place, reactor::Errno error) {
    return failure("journal " + place.file, error);
}

Paths place_of(const std::string& folder, std::string_view server) {
    const std::string file = folder + "/" + std::string(server) + ".journal";
    return {folder, file, file + ".new"};
}

std::string title_of(std::string_view server) {
    const std::string text = std::string(title_mark) + std::string(server);
    std::string line(text.size() + frame_size, '\0');
    format_line(line, text);
    return line;
}

}  // namespace

Journal::Journal(Core& core, const config::Journal& config)
    : core_(core),
      title_(title_of(core.name)),
      pace_(config.pace),
      always_(config.fsync == config::Fsync::always),
      folder_(core,
              place_of(config.folder, core.name),
              {reactor::Delegate<void(const reactor::Result<int>&)>::to<&Journal::on_made>(*this),
               reactor::Delegate<void(const reactor::Result<void>&)>::to<&Journal::on_installed>(
                   *this)}),
      syncer_(core.loop,
              reactor::Delegate<void(const sys::Errand&)>::to<&Journal::on_synced>(*this)),
      writer_(core.loop,
              reactor::Delegate<void(const sys::Errand&)>::to<&Journal::on_written>(*this)),
      timer_(core.loop, reactor::Delegate<void()>::to<&Journal::on_timer>(*this)) {}

Journal::~Journal() {
    // Behind what is still to be written.
    files_.for_each(
        [this](File& file) { writer_.ask({.what = sys::Errand::What::close, .fd = file.fd()}); });
}

Outcome<> Journal::open() {
    const std::size_t longest = core_.table.line_size_max() + frame_size;
    auto buffers = reactor::PageArray<char>::map(files_max * (batch_size + longest));
    if (!buffers) return refuse(folder_.place(), buffers.error());
    buffers_ = std::move(*buffers);
    const std::array results = {
        files_.map(files_max), syncer_.open(), writer_.open(), folder_.start_helper()};
    for (const auto& result : results) {
        if (!result) return refuse(folder_.place(), result.error());
    }
    const auto start = recover(core_, folder_.place());
    if (!start) return std::unexpected(start.error());
    go_on(*start);
    set_timer();
    return {};
}

void Journal::go_on(const Recovered& start) {
    pumped_seq_ = core_.table.feed().seq();
    put_aside_ = start.put_aside;
    if (start.fd < 0) return complain("open", start.error);
    if (const auto opened = folder_.open(); !opened) {
        sys::close(start.fd);
        return complain("open", opened.error());
    }
    current_ = files_.emplace(
        core_.table, start.fd, start.size, table::rules::Position{.seq = pumped_seq_});
    base_ = table_bytes();
    folder_dirty_ = true;
    doubtful_ = table::rules::doubtful(start.size);
    if (start.size > 0) return;
    const auto done = current_->write(title_);
    if (!done) lose(*current_, "write", done.error());
}

std::uint64_t Journal::table_bytes() const {
    std::uint64_t bytes = title_.size();
    for (std::uint32_t slot = 0; slot < core_.table.slots(); ++slot) {
        if (!core_.table.used(slot)) continue;
        bytes += core_.table.at(slot).line_size + frame_size;
    }
    return bytes;
}

std::span<char> Journal::buffer_of(const File& file) {
    const std::size_t size = buffers_.size() / files_max;
    return {&buffers_[files_.handle(file).index * size], size};
}

void Journal::pump() {
    if (folder_.installing()) return;
    const std::uint64_t changes = core_.table.feed().seq() - pumped_seq_;
    pumped_seq_ += changes;
    if (current_ != nullptr && pump_file(*current_, UINT64_MAX)) release(settled_seq());
    if (next_due() && core_.loop.now() >= retry_at_) folder_.make(current_ == nullptr);
    if (next_ != nullptr) pump_next(changes);
    if (round_due()) begin_round();
    set_timer();
}

// Answers whether the file is still there.
bool Journal::pump_file(File& file, std::uint64_t count) {
    const reactor::Instant now = core_.loop.now();
    if (!in_round() && !file.busy()) {
        if (const auto done = file.pump(buffer_of(file), count, now); !done) {
            lose(file, "write", done.error());
            return false;
        }
    } else if (!file.busy()) {
        const std::string_view batch = file.take(buffer_of(file), count, now);
        if (!batch.empty()) {
            writer_.ask({.what = sys::Errand::What::write,
                         .fd = file.fd(),
                         .bytes = batch,
                         .token = files_.handle(file).bits()});
        }
    }
    if (file.behind() && !file.busy()) core_.wire.post_flush();
    return true;
}

// By what has changed and some more: so it catches up, whatever the load. Not while a file that was
// given up may still have its buffer.
void Journal::pump_next(std::uint64_t changes) {
    if (lingering_ > 0) return;
    if (!next_waits() && !pump_file(*next_, changes + pace_.records_per_pump)) return;
    // What a helper still writes is not in its size yet.
    if (next_base_ == 0 && !next_->behind() && !next_->busy()) next_base_ = next_->size();
    if (next_ready()) folder_.install(put_aside_);
}

bool Journal::next_ready() const {
    const bool busy = in_round() || next_->busy() || (current_ != nullptr && current_->busy());
    return !busy && table::rules::replaces({.complete = next_has_all(), .synced = next_synced_});
}

// For the disk. It may have some more to wait for than the current file: so it catches up even when
// the disk is slower than the clients are.
bool Journal::next_waits() const {
    const std::uint64_t usual = current_ != nullptr ? current_->unsynced() : 0;
    return next_->unsynced() > usual + pace_.unsynced_max;
}

bool Journal::next_due() const {
    if (next_ != nullptr || folder_.busy() || lingering_ > 0) return false;
    return current_ == nullptr || ((outgrown() || doubtful_) && !leaving_);
}

bool Journal::next_has_all() const {
    return next_->seq() >= (current_ != nullptr ? current_->seq() : core_.table.feed().seq());
}

void Journal::on_made(const reactor::Result<int>& fd) {
    core_.wire.post_flush();
    if (!fd) return complain("open", fd.error());
    next_ = files_.emplace(core_.table, *fd, 0, table::rules::Position{});
    next_synced_ = false;
    next_base_ = 0;
    if (leaving_ && current_ != nullptr) return drop_next();
    if (const auto done = next_->write(title_); !done) lose(*next_, "write", done.error());
}

void Journal::on_installed(const reactor::Result<void>& done) {
    core_.wire.post_flush();
    if (done) return take_over();
    lose(*next_, "rename", done.error());
}

void Journal::take_over() {
    if (current_ != nullptr) retire(current_);
    current_ = std::exchange(next_, nullptr);
    base_ = next_base_ != 0 ? next_base_ : current_->size();
    folder_dirty_ = true;
    next_synced_ = doubtful_ = put_aside_ = false;
    pause_ = pause_min;
    ++core_.counters.journal_renewals;
    const bool recovered = std::exchange(troubled_, false);
    core_.log.event(Level::info, recovered ? "journal_recovered" : "journal_renewed")
        .field("bytes", base_);
}

// Closed behind what is still written to it.
void Journal::retire(File*& file) {
    if (file->busy()) {
        ++lingering_;
        writer_.ask({.what = sys::Errand::What::close, .fd = file->fd()});
    } else {
        folder_.close(file->fd());
    }
    files_.release(*std::exchange(file, nullptr));
}

void Journal::lose(File& file, std::string_view what, reactor::Errno error) {
    if (&file == next_) {
        drop_next();
    } else {
        retire(current_);
        release(UINT64_MAX);
    }
    complain(what, error);
}

void Journal::drop_next() {
    folder_.remove_next();
    retire(next_);
    next_synced_ = round_.next_complete = false;
}

void Journal::complain(std::string_view what, reactor::Errno error) {
    ++core_.counters.journal_failures;
    retry_at_ = core_.loop.now() + pause_;
    pause_ = std::min(2 * pause_, pause_max);
    if (std::exchange(troubled_, true)) return;
    core_.log.event(Level::error, "journal_failed")
        .field("file", folder_.place().file)
        .field("what", what)
        .field("reason", describe(error));
}

// What is not deferred is written in this iteration's flush, before the answer leaves.
void Journal::hold(reactor::Stream& stream) {
    if (current_ == nullptr) return;
    const bool deferred = always_ || in_round() || current_->busy();
    const std::uint64_t seq = core_.table.feed().seq();
    if (deferred && settled_seq() < seq) stream.cork(seq);
}

bool Journal::dirty() const {
    return current_ != nullptr && (folder_dirty_ || current_->unsynced() > 0);
}

// What is ready to be installed comes before the next round, which would take that from it.
bool Journal::round_due() const {
    if (in_round()) return false;
    if (next_ != nullptr && next_waits()) return true;
    if (next_synced_) return false;
    if (next_ != nullptr && next_has_all()) return true;
    const bool time = core_.loop.now() - round_begun_ >= round_interval;
    return dirty() && (always_ || leaving_ || folder_dirty_ || time);
}

void Journal::begin_round() {
    round_ = {.seq = current_ != nullptr ? current_->seq() : 0,
              .next_complete = next_ != nullptr && next_has_all()};
    round_begun_ = core_.loop.now();
    next_synced_ = false;
    if (next_ != nullptr) ask_sync(*next_);
    if (current_ != nullptr) ask_sync(*current_);
    if (std::exchange(folder_dirty_, false) && folder_.fd() >= 0) {
        ++round_.pending;
        syncer_.ask({.what = sys::Errand::What::sync_folder, .fd = folder_.fd()});
    }
    if (!in_round()) end_round();
}

void Journal::ask_sync(File& file) {
    if (file.unsynced() == 0) return;
    file.mark();
    ++round_.pending;
    syncer_.ask({.fd = file.fd(), .token = files_.handle(file).bits()});
}

// Null: it was given up meanwhile.
File* Journal::find(const sys::Errand& errand) {
    if (errand.what == sys::Errand::What::sync_folder) return current_;
    return files_.find(reactor::Handle<File>::from_bits(errand.token));
}

void Journal::on_synced(const sys::Errand& errand) {
    assert(in_round());
    --round_.pending;
    if (File* const file = find(errand)) {
        if (errand.error != 0) {
            lose(*file, "sync", reactor::Errno{errand.error});
        } else if (errand.what == sys::Errand::What::sync) {
            file->settle();
        }
    }
    if (!in_round()) end_round();
}

// What comes next, also after a failure, begins in pump().
void Journal::on_written(const sys::Errand& errand) {
    File* const file = find(errand);
    if (file == nullptr) {
        --lingering_;
    } else if (errand.error != 0) {
        file->on_written();
        lose(*file, "write", reactor::Errno{errand.error});
    } else {
        file->on_written();
        if (file == current_) release(settled_seq());
    }
    core_.wire.post_flush();
}

void Journal::end_round() {
    next_synced_ = round_.next_complete;
    if (current_ != nullptr) {
        synced_seq_ = round_.seq;
        release(settled_seq());
    }
    core_.wire.post_flush();
}

void Journal::set_timer() {
    reactor::Instant wake = reactor::Instant::max();
    if (!in_round() && dirty()) wake = round_begun_ + round_interval;
    if (next_due()) wake = std::min(wake, retry_at_);
    if (wake == reactor::Instant::max()) return;
    if (!timer_.pending() || timer_.due() > wake) timer_.start_at(wake);
}

void Journal::leave() {
    leaving_ = true;
    if (current_ != nullptr && next_ != nullptr && !folder_.installing()) drop_next();
    core_.wire.post_flush();
}

bool Journal::owes() const {
    if (in_round() || folder_.busy()) return true;
    if (current_ == nullptr) return next_ != nullptr;
    return dirty() || current_->busy() || current_->behind();
}

}  // namespace herd::journal
