#include "herd/journal/recovery.hpp"

#include "herd/journal/format.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;

namespace {

using Kind = Content::Kind;

std::string named(std::string_view file) {
    return "journal " + std::string(file);
}

reactor::Result<std::string_view> name_beside(std::string_view file,
                                              std::string_view mark,
                                              std::uint64_t number,
                                              std::span<char> out) {
    constexpr std::size_t digits_max = 20;
    if (file.size() + mark.size() + digits_max >= out.size()) {
        return reactor::failure(ENAMETOOLONG);
    }
    char* const start = out.data();
    char* end = std::ranges::copy(file, start).out;
    end = std::ranges::copy(mark, end).out;
    end = std::to_chars(end, end + digits_max, number).ptr;
    *end = '\0';
    assert(static_cast<std::size_t>(end - start) < out.size());
    return std::string_view(start, static_cast<std::size_t>(end - start));
}

void log_content(Core& core, std::string_view file, const Content& content) {
    assert(content.good <= content.size);
    core.log.event(Level::info, "journal_loaded")
        .field("file", file)
        .field("records", content.records)
        .field("expired", content.expired)
        .field("bytes", content.good);
    if (content.good < content.size) {
        core.log.event(Level::warning, "journal_torn")
            .field("at", content.good)
            .field("dropped", content.size - content.good);
    }
    core.counters.journal_damaged_bytes += content.damaged;
    if (content.damaged > 0) {
        core.log.event(Level::error, "journal_damaged")
            .field("file", file)
            .field("at", content.damaged_at)
            .field("bytes", content.damaged)
            .field("places", content.damaged_places);
    }
    core.counters.journal_refused += content.refused();
    if (content.refused() > 0) {
        core.log.event(Level::error, "journal_refused")
            .field("file", file)
            .field("no_space", content.no_space)
            .field("too_far_ahead", content.too_far_ahead)
            .field("no_record", content.no_record);
    }
}

Aside reason_of(const Content& content) {
    if (content.kind == Kind::unreadable) return Aside::bad;
    if (table::rules::kept(content.refused())) return Aside::refused;
    return content.damaged > 0 ? Aside::bad : Aside::none;
}

bool is_missing(reactor::Errno error) {
    return error.value == ENOENT || error.value == ENOTDIR;
}

reactor::Result<void> move_aside(Core& core, const Paths& place) {
    std::array<char, path_size_max> buffer{};
    const auto path = put_aside(place.file.c_str(), buffer);
    if (!path) return std::unexpected(path.error());
    log_put_aside(core, *path);
    const auto removed = sys::remove(place.file.c_str());
    return removed || is_missing(removed.error()) ? reactor::Result<void>() : removed;
}

constexpr std::string_view not_ours =
    "it is another server's, or of a version that this program does not know";

}  // namespace

Paths Paths::of(const std::string& folder, std::string_view server) {
    assert(!server.empty());
    const std::string file = folder + "/" + std::string(server) + ".journal";
    return {folder, file, file + ".new"};
}

Recovery::Recovery(Core& core, const Paths& place, std::uint64_t piece)
    : core_(core),
      place_(place),
      piece_(piece),
      helper_(core.loop,
              reactor::Delegate<void(const sys::Errand&)>::to<&Recovery::on_answer>(*this)) {
    assert(!place.folder.empty());
    assert(piece > 0);
}

// A helper closes what it may still read.
Recovery::~Recovery() {
    for (const int fd : {fd_, found_.fd}) {
        if (fd < 0) continue;
        if (!waiting()) {
            sys::close(fd);
        } else {
            helper_.ask({.what = sys::Errand::What::close, .fd = fd});
        }
    }
    if (!waiting()) return;
    helper_.give(std::move(step_.pages()));
    helper_.give(std::move(buffer_));
}

Outcome<> Recovery::begin() {
    assert(step_.size() == 0);
    auto step = reactor::PageArray<Step>::map(1);
    if (!step) return failure(named(place_.file), step.error());
    auto buffer = reactor::Pages::map(piece_ + core_.table.line_size_max() + frame_size);
    if (!buffer) return failure(named(place_.file), buffer.error());
    step_ = std::move(*step);
    buffer_ = std::move(*buffer);
    // Whether there is a folder shows when the file is opened.
    static_cast<void>(sys::make_folder(place_.folder.c_str()));
    return open_file();
}

Outcome<> Recovery::open_file() {
    const auto kept = sys::open_to_keep(place_.file.c_str());
    if (kept) {
        // Ours alone from here on: what a killed run has left behind is nobody else's.
        static_cast<void>(sys::remove(place_.next.c_str()));
        found_.fd = *kept;
        read(*kept);
        return check_title();
    }
    if (kept.error().value == EAGAIN) {
        return failure(named(place_.file), "another process keeps it");
    }
    found_.error = kept.error();
    found_.aside = Aside::bad;
    const auto fd = sys::open_to_read(place_.file.c_str());
    if (fd) {
        read(fd_ = *fd);
        return check_title();
    }
    if (!is_missing(fd.error())) return open_failure(named(place_.file), fd.error());
    read_next_kept();
    return {};
}

// Until it is known whose file it is.
Outcome<> Recovery::check_title() {
    Loading& loading = *loading_;
    bool ended = false;
    while (loading.content.kind == Kind::fresh && loading.going() && !ended) {
        prepare();
        make(&step());
        if (step().error != 0) return failure(named(place_.file), reactor::Errno{step().error});
        ended = step().size == 0;
        loading.skip(step().skipped);
        loading.add(step().size);
        while (loading.content.kind == Kind::fresh && loading.take(1)) {
        }
    }
    if (loading.content.kind == Kind::others) return failure(named(place_.file), not_ours);
    const bool bad = loading.content.kind == Kind::fresh && loading.finish().kind != Kind::fresh;
    if (!bad || found_.fd < 0) return {};
    log_content(core_, place_.file, loading.content);
    sys::close(std::exchange(found_.fd, -1));
    if (const auto moved = move_aside(core_, place_); !moved) {
        return failure(named(place_.file), moved.error());
    }
    return open_file();
}

void Recovery::read(int fd) {
    assert(fd >= 0);
    step().what = Step::What::read;
    step().fd = fd;
    loading_.emplace(core_, buffer_.bytes());
}

void Recovery::prepare() {
    if (step().what != Step::What::read) return;
    const std::span<char> room = loading_->room();
    step().room = room.first(std::min<std::size_t>(room.size(), piece_));
    step().in_hole = loading_->in_hole();
}

// Whoever waits for the disk: a helper, or, before the server listens, this very thread.
void Recovery::make(void* wanted) {
    Step& step = *static_cast<Step*>(wanted);
    const auto note = [&](const auto& done) { step.error = done ? 0 : done.error().value; };
    step.skipped = 0;
    switch (step.what) {
        case Step::What::open: {
            const auto fd = sys::open_to_read(step.path.data());
            step.fd = fd.value_or(-1);
            return note(fd);
        }
        case Step::What::read: {
            if (step.in_hole) step.skipped = sys::skip_hole(step.fd);
            const auto got = sys::read(step.fd, step.room);
            step.size = got.value_or(0);
            return note(got);
        }
        case Step::What::cut:
            return note(sys::truncate(step.fd, step.size));
        case Step::What::end:
            return note(sys::write(step.fd, "\n"));
    }
}

Outcome<> Recovery::on_made() {
    const reactor::Errno error{step().error};
    switch (step().what) {
        case Step::What::open:
            if (is_missing(error)) {
                whole_ = true;
                return {};
            }
            if (error.value != 0) return open_failure(named(path()), error);
            read(fd_ = step().fd);
            return {};
        case Step::What::read:
            if (error.value != 0) return failure(named(path()), error);
            loading_->skip(step().skipped);
            loading_->add(step().size);
            return step().size == 0 ? on_end() : Outcome<>{};
        case Step::What::cut:
        case Step::What::end:
            if (error.value != 0) {
                sys::close(std::exchange(found_.fd, -1));
                found_.error = error;
            }
            read_next_kept();
            return {};
    }
    return {};
}

// A kept one that is no journal, or has rotted, stays for somebody to look at.
Outcome<> Recovery::on_end() {
    const Content content = loading_->finish();
    if (content.kind == Kind::others) return failure(named(path()), not_ours);
    log_content(core_, path(), content);
    found_.refused += content.refused();
    if (of_kept_) {
        if (content.kind == Kind::unreadable || content.damaged > 0) ++found_.refused;
    } else {
        found_.aside = reason_of(content);
        // What comes next begins a line.
        found_.size = content.good + (content.damaged_end ? 1 : 0);
        if (found_.fd >= 0 && found_.size != content.size) {
            loading_.reset();
            records_ += content.records;
            step().what = content.damaged_end ? Step::What::end : Step::What::cut;
            step().size = found_.size;
            return {};
        }
    }
    read_next_kept();
    return {};
}

void Recovery::read_next_kept() {
    if (fd_ >= 0) sys::close(std::exchange(fd_, -1));
    if (loading_) records_ += loading_->content.records;
    loading_.reset();
    if (std::exchange(of_kept_, true)) ++found_.kept;
    step().what = Step::What::open;
    whole_ = !name_refused(place_, found_.kept + 1, step().path);
}

Outcome<Recovered> Recovery::read_all() {
    while (!whole_) {
        while (loading_ && loading_->take(UINT64_MAX)) {
        }
        prepare();
        make(&step());
        if (const auto done = on_made(); !done) return std::unexpected(done.error());
    }
    return take();
}

Recovered Recovery::take() {
    assert(whole_);
    return {.fd = std::exchange(found_.fd, -1),
            .size = found_.size,
            .error = found_.error,
            .aside = found_.aside,
            .kept = found_.kept,
            .refused = found_.refused};
}

reactor::Result<void> Recovery::read_beside() {
    core_.wire.post_flush();
    return helper_.open();
}

void Recovery::turn(std::uint64_t lines) {
    if (waiting() || whole_) return;
    if (loading_ && loading_->take(lines)) return core_.wire.post_flush();
    prepare();
    helper_.ask(
        {.what = sys::Errand::What::call, .function = &Recovery::make, .argument = &step()});
}

void Recovery::on_answer(const sys::Errand&) {
    core_.wire.post_flush();
    if (const auto done = on_made(); !done) give_up_file(done.error());
}

// Nobody writes over what was not read.
void Recovery::give_up_file(std::string_view reason) {
    core_.log.event(Level::error, "journal_unread").field("reason", reason);
    ++found_.refused;
    if (!of_kept_) {
        if (found_.fd >= 0) sys::close(std::exchange(found_.fd, -1));
        found_.error = reactor::Errno{step().error};
        found_.aside = Aside::bad;
        found_.size = 0;
    }
    read_next_kept();
}

// Where the clock begins anew at each start, the names do, too.
reactor::Result<std::string_view> put_aside(const char* file, std::span<char> out) {
    constexpr std::uint64_t tries = 1'000;
    const auto first = static_cast<std::uint64_t>(sys::wall_s());
    for (std::uint64_t number = first; number < first + tries; ++number) {
        const auto path = name_beside(file, ".bad-", number, out);
        if (!path) return std::unexpected(path.error());
        auto done = sys::link(file, out.data());
        if (!done && done.error().value == EEXIST) continue;
        if (!done && !is_missing(done.error())) done = sys::rename(file, out.data());
        if (!done) return std::unexpected(done.error());
        return *path;
    }
    return reactor::failure(EEXIST);
}

reactor::Result<std::string_view> name_refused(const Paths& place,
                                               std::uint32_t number,
                                               std::span<char> out) {
    assert(number > 0);
    return name_beside(place.file, ".refused-", number, out);
}

void log_put_aside(Core& core, std::string_view path) {
    core.log.event(Level::error, "journal_put_aside").field("file", path);
}

}  // namespace herd::journal
