#include "herd/log.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

namespace herd {

namespace {

constexpr int standard_error = 2;

std::string_view to_text(Level level) {
    constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
    return names[std::to_underlying(level)];
}

bool needs_quotes(std::string_view value) {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
               return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=';
           });
}

void put_digits(char* out, unsigned value, int digits) {
    for (int i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// "2018-03-02T20:52:14.918963Z": UTC, 27 bytes.
constexpr std::size_t stamp_size = 27;
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
      flush_task_(
          loop, reactor::Phase::reclaim, reactor::Delegate<void()>::to<&Log::flush>(*this)) {}

Log::~Log() {
    flush();
    if (owned_) reactor::sys::close(fd_);
}

reactor::Result<void> Log::open(const char* path, bool wire) {
    assert(fd_ < 0);
    auto buffer = reactor::PageArray<char>::map(buffer_size);
    if (!buffer) return std::unexpected(buffer.error());
    buffer_ = std::move(*buffer);
    wire_ = wire;
    if (std::string_view(path) == "-") {
        fd_ = standard_error;
        return {};
    }
    auto fd = reactor::sys::open_append(path);
    if (!fd) return std::unexpected(fd.error());
    fd_ = *fd;
    owned_ = true;
    return {};
}

LogLine Log::event(Level level, std::string_view name) {
    const bool admitted = fd_ >= 0 && admit();
    if (admitted) confess();
    return {admitted ? this : nullptr, level, name};
}

// Says what was lost, in front of what the buffer takes next.
void Log::confess() {
    if (used_ > 0 || lost_bytes_ == 0) return;
    told_bytes_ = lost_bytes_;
    LogLine(this, Level::warning, "lost").field("bytes", told_bytes_);
}

bool Log::admit() {
    const auto second =
        std::chrono::floor<std::chrono::seconds>(loop_.now().time_since_epoch()).count();
    if (second != second_) {
        second_ = second;
        events_ = 0;
        if (const auto count = std::exchange(suppressed_, 0); count > 0) {
            LogLine(this, Level::warning, "suppressed").field("lines", count);
        }
    }
    if (wire_ || ++events_ <= events_per_second) return true;
    ++suppressed_;
    return false;
}

char* Log::begin_line() {
    if (buffer_.size() - used_ < line_size_max) flush();
    return &buffer_[used_];
}

void Log::end_line(std::size_t size) {
    used_ += size;
    flush_task_.post();
}

void Log::flush() {
    const std::size_t used = std::exchange(used_, 0);
    const std::uint64_t told = std::exchange(told_bytes_, 0);
    if (used == 0) return;
    // A line that a full disk has torn is ended before another begins.
    if (torn_) torn_ = reactor::sys::write(fd_, "\n").value_or(0) == 0;
    const std::size_t written =
        torn_ ? 0 : reactor::sys::write(fd_, {&buffer_[0], used}).value_or(0);
    if (written == used) {
        lost_bytes_ -= told;
        return;
    }
    lost_bytes_ += used - written;
    if (written > 0) torn_ = buffer_[written - 1] != '\n';
}

LogLine::LogLine(Log* log, Level level, std::string_view event) : log_(log) {
    if (log_ == nullptr) return;
    start_ = log_->begin_line();
    put("time=");
    put_stamp(start_ + size_, reactor::sys::wall_ns());
    size_ += stamp_size;
    put(" level=");
    put(to_text(level));
    put(" event=");
    put(event);
}

LogLine::~LogLine() {
    if (log_ == nullptr) return;
    start_[size_++] = '\n';
    log_->end_line(size_);
}

// One byte is kept for the line's end.
std::size_t LogLine::room() const {
    return Log::line_size_max - 1 - size_;
}

void LogLine::put(std::string_view text) {
    const std::size_t count = std::min(text.size(), room());
    std::memcpy(start_ + size_, text.data(), count);
    size_ += count;
}

LogLine& LogLine::field(std::string_view key, std::uint64_t value) {
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
        if (room() < longest + std::string_view("\"...").size()) {
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
