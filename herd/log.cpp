#include "herd/log.hpp"

#include "protocol/secrets.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace herd {

namespace {

using reactor::sys::Errand;

constexpr int standard_error = 2;
constexpr reactor::Duration retry_interval = std::chrono::seconds(1);

std::string_view to_text(Level level) {
    constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
    static_assert(std::size(names) == std::to_underlying(Level::error) + 1);
    return names[std::to_underlying(level)];
}

// As sd-daemon(3) has it.
std::string_view priority_of(Level level) {
    constexpr std::string_view texts[] = {"<7>", "<6>", "<4>", "<3>"};
    static_assert(std::size(texts) == std::to_underlying(Level::error) + 1);
    return texts[std::to_underlying(level)];
}

bool needs_quotes(std::string_view value) {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
               return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=';
           });
}

void put_digits(char* out, unsigned value, int digits) {
    assert(digits > 0);
    for (int i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
    assert(value == 0);
}

// "2018-03-02T20:52:14.918963Z": UTC, 27 bytes.
constexpr std::size_t stamp_size = 27;
static_assert(stamp_size == std::string_view("0000-00-00T00:00:00.000000Z").size());
void put_stamp(char* out, std::int64_t wall_ns) {
    using namespace std::chrono;
    const sys_time<nanoseconds> time{nanoseconds(wall_ns)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<microseconds>(time - day));
    std::memcpy(out, "0000-00-00T00:00:00.000000Z", stamp_size);
    put_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(out + 5, static_cast<unsigned>(date.month()), 2);
    put_digits(out + 8, static_cast<unsigned>(date.day()), 2);
    put_digits(out + 11, static_cast<unsigned>(clock.hours().count()), 2);
    put_digits(out + 14, static_cast<unsigned>(clock.minutes().count()), 2);
    put_digits(out + 17, static_cast<unsigned>(clock.seconds().count()), 2);
    put_digits(out + 20, static_cast<unsigned>(clock.subseconds().count()), 6);
}

}  // namespace

Log::Log(reactor::Loop& loop)
    : loop_(loop),
      flush_task_(loop, reactor::Phase::reclaim, reactor::Delegate<void()>::to<&Log::flush>(*this)),
      helper_(loop, reactor::Delegate<void(const Errand&)>::to<&Log::on_done>(*this)),
      retry_(loop, reactor::Delegate<void()>::to<&Log::hand_over>(*this)) {}

// The helper may still be writing from the buffer: it has the last word on it, and on the file.
Log::~Log() {
    if (fd_ < 0) return;
    settle(end_time_limit);
    if (!shared_) helper_.ask({.what = Errand::What::close, .fd = fd_});
    helper_.give(std::move(buffer_.pages()));
}

Outcome<> Log::open(const config::Log& config, std::string_view server, watch::Counters& counters) {
    assert(!server.empty());
    std::string path = "-";
    const std::string& folder = config.place();
    if (folder != "-") {
        if (auto made = reactor::sys::make_folder(folder.c_str()); !made) {
            return failure("log folder " + folder, made.error());
        }
        path = folder + "/" + std::string(server) + ".log";
    }
    const auto opened = open(path.c_str(), config.wire, counters);
    if (opened) return {};
    return open_failure("log " + path, opened.error());
}

reactor::Result<void> Log::open(const char* path, bool wire, watch::Counters& counters) {
    assert(path != nullptr && *path != '\0');
    shared_ = std::string_view(path) == "-";
    if (shared_) return start(standard_error, wire, counters);
    const auto fd = reactor::sys::open_append(path);
    if (!fd) return std::unexpected(fd.error());
    path_ = path;
    torn_ = reactor::sys::ends_torn(path);
    auto opened = open(*fd, wire, counters);
    if (opened && torn_) count_loss();
    return opened;
}

reactor::Result<void> Log::open(int fd, bool wire, watch::Counters& counters) {
    auto started = start(fd, wire, counters);
    if (!started) reactor::sys::close(fd);
    return started;
}

reactor::Result<void> Log::start(int fd, bool wire, watch::Counters& counters) {
    assert(fd_ < 0);
    assert(fd >= 0);
    auto buffer = reactor::PageArray<char>::map(memory(wire));
    if (!buffer) return std::unexpected(buffer.error());
    buffer_ = std::move(*buffer);
    if (auto opened = helper_.open(); !opened) return opened;
    fd_ = fd;
    wire_ = wire;
    batch_size_ = batch_size(wire);
    counters_ = &counters;
    return {};
}

LogLine Log::event(Level level, std::string_view name) {
    assert(!name.empty());
    if (fd_ < 0 || !admit(level, name)) return {nullptr, level, name};
    if (!has_space()) {
        count_loss();
        return {nullptr, level, name};
    }
    report_loss();
    return {this, level, name};
}

void Log::wire_event(std::string_view name, std::string_view line) {
    assert(wire_);
    const std::string_view open = protocol::without_secrets(line);
    LogLine written = event(Level::debug, name);
    written.field("line", open);
    if (open.size() != line.size()) written.field("secret", "hidden");
}

bool Log::admit(Level level, std::string_view name) {
    const auto second =
        std::chrono::floor<std::chrono::seconds>(loop_.now().time_since_epoch()).count();
    if (std::exchange(second_, second) != second) report_suppressed();
    if (level == Level::error || level == Level::debug) return true;
    if (budget_.take(name, second)) return true;
    ++counters_->log_lines_suppressed;
    return false;
}

void Log::report_suppressed() {
    budget_.report([this](std::string_view name, std::uint64_t lines) {
        if (!has_space()) return false;
        report_loss();
        LogLine(this, Level::warning, "suppressed").field("of", name).field("lines", lines);
        return true;
    });
}

// For a line, in this batch or in the other one, which the helper may have written by now.
bool Log::has_space() {
    assert(used_ <= batch_size_);
    if (batch_size_ - used_ >= line_size_max) return true;
    if (asked_ != Asked::nothing) helper_.await(reactor::Duration::zero());
    flush();
    return used_ == 0;
}

void Log::count_loss() {
    ++lost_lines_;
    ++counters_->log_lines_lost;
}

// Where lines are missing: in front of the first one of the next batch.
void Log::report_loss() {
    if (used_ > 0 || lost_lines_ == 0) return;
    if (std::exchange(torn_, false)) buffer_[batch_ + used_++] = '\n';
    LogLine(this, Level::warning, "lost").field("lines", std::exchange(lost_lines_, 0));
}

void Log::end_line(std::size_t size) {
    assert(size <= line_size_max);
    used_ += size;
    assert(used_ <= batch_size_);
    flush_task_.post();
}

void Log::flush() {
    if (asked_ == Asked::nothing && !retry_.pending()) hand_over();
}

void Log::reopen() {
    if (path_.empty()) return;
    reopens_ = true;
    retry_.cancel();
    flush();
}

// What is left of a batch goes first, then the one in which lines have gathered.
void Log::hand_over() {
    assert(asked_ == Asked::nothing);
    if (std::exchange(reopens_, false)) {
        asked_ = Asked::to_reopen;
        return helper_.ask({.what = Errand::What::reopen, .fd = fd_, .path = path_.c_str()});
    }
    if (unwritten_.empty()) {
        if (used_ == 0) return;
        unwritten_ = {&buffer_[batch_], std::exchange(used_, 0)};
        assert(batch_ == 0 || batch_ == batch_size_);
        batch_ = batch_size_ - batch_;
    }
    assert(fd_ >= 0);
    assert(!unwritten_.empty());
    asked_ = Asked::to_write;
    helper_.ask({.what = shared_ ? Errand::What::write_lines : Errand::What::write,
                 .fd = fd_,
                 .bytes = unwritten_});
}

void Log::on_done(const Errand& errand) {
    assert(errand.error >= 0);
    if (std::exchange(asked_, Asked::nothing) == Asked::to_reopen) {
        return on_reopened(errand.error);
    }
    assert(errand.bytes.size() <= unwritten_.size());
    unwritten_ = errand.bytes;
    if (errand.error != 0 && !reopens_) {
        retry_.start(retry_interval);
    } else if (used_ > 0 || reopens_) {
        flush_task_.post();
    }
}

// The new file may take what the old one did not.
void Log::on_reopened(int error) {
    flush_task_.post();
    if (error == 0) {
        event(Level::info, "log_reopened");
    } else {
        event(Level::error, "log_not_reopened")
            .field("error", reactor::describe(reactor::Errno{error}));
    }
}

void Log::settle(reactor::Duration time_limit) {
    assert(time_limit >= reactor::Duration::zero());
    const std::int64_t until = reactor::sys::monotonic_ns() + time_limit.count();
    retry_.cancel();
    while (!retry_.pending()) {
        if (asked_ == Asked::nothing) hand_over();
        const reactor::Duration left(until - reactor::sys::monotonic_ns());
        if (asked_ == Asked::nothing || left.count() <= 0 || !helper_.await(left)) return;
    }
}

void Log::check() const {
    assert(used_ <= batch_size_);
    assert(batch_ == 0 || batch_ == batch_size_);
    assert(fd_ >= 0 || used_ == 0);
    assert(asked_ != Asked::to_write || !unwritten_.empty());
    assert((asked_ == Asked::nothing) == helper_.idle());
    assert(asked_ == Asked::nothing || !retry_.pending());
    assert(!reopens_ || !path_.empty());
}

LogLine::LogLine(Log* log, Level level, std::string_view event) : log_(log) {
    if (log_ == nullptr) return;
    assert(!event.empty());
    assert(log_->batch_size_ - log_->used_ >= Log::line_size_max);
    start_ = &log_->buffer_[log_->batch_ + log_->used_];
    if (log_->for_journal_ && log_->shared_) {
        put(priority_of(level));
    } else {
        put("time=");
        put_stamp(start_ + size_, reactor::sys::wall_ns());
        size_ += stamp_size;
        put(" ");
    }
    put("level=");
    put(to_text(level));
    put(" event=");
    put(event);
}

LogLine::~LogLine() {
    if (log_ == nullptr) return;
    assert(size_ < Log::line_size_max);
    start_[size_++] = '\n';
    log_->end_line(size_);
}

// One byte is kept for the line's end.
std::size_t LogLine::space() const {
    assert(size_ < Log::line_size_max);
    return Log::line_size_max - 1 - size_;
}

void LogLine::put(std::string_view text) {
    const std::size_t count = std::min(text.size(), space());
    std::memcpy(start_ + size_, text.data(), count);
    size_ += count;
}

LogLine& LogLine::field(std::string_view key, std::uint64_t value) {
    assert(!key.empty());
    if (log_ == nullptr) return *this;
    char digits[20];
    auto* const end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    put(" ");
    put(key);
    put("=");
    put({digits, static_cast<std::size_t>(end - digits)});
    return *this;
}

LogLine& LogLine::field(std::string_view key, std::string_view value) {
    assert(!key.empty());
    if (log_ == nullptr) return *this;
    put(" ");
    put(key);
    if (!needs_quotes(value)) {
        put("=");
        put(value);
        return *this;
    }
    put("=\"");
    put_escaped(value);
    put("\"");
    return *this;
}

void LogLine::put_escaped(std::string_view value) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::size_t longest = 4;  // of one escaped byte
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (space() < longest + std::string_view("\"...").size()) {
            put("...");
            return;
        }
        const auto byte = static_cast<unsigned char>(value[i]);
        if (byte == '"' || byte == '\\') {
            put("\\");
            put(value.substr(i, 1));
        } else if (byte >= ' ' && byte < 0x7f) {
            put(value.substr(i, 1));
        } else {
            const char escaped[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
            put({escaped, sizeof escaped});
        }
    }
}

}  // namespace herd
