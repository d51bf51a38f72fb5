#pragma once

#include "herd/config/config.hpp"
#include "herd/log_budget.hpp"
#include "herd/outcome.hpp"
#include "herd/watch/counters.hpp"
#include "reactor/helper.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/sys.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace herd {

enum class Level : std::uint8_t { debug, info, warning, error };

class LogLine;

// One server's log: a line per event, `time=... level=... event=... key=value`. Never waits for its
// reader, and neither does who logs: lines gather in a batch, once per loop iteration a helper is
// given what there is to write, and until that is done the next ones gather in a second batch. When
// this is full, too, lines are dropped, and the first one that is taken again says how many. What a
// write that fails has left is tried again each second, so no line is ever written in part (but
// for one that reopen() comes between, or the end). What a run before has left in part, for want of
// room on the disk, is ended, and counts as a lost line. Each kind of event has a budget, unless it
// says that something is broken, or is a line of the wire. Without a file, everything is dropped
// silently. A process that aborts loses the lines of its last iteration, and what the helper has
// not come to.
class Log {
public:
    // With the wire, one iteration may have some megabytes to say.
    static constexpr std::size_t batch_size(bool wire) {
        return std::size_t{wire ? 4096U : 256U} << 10;
    }
    static constexpr std::size_t memory(bool wire) { return 2 * batch_size(wire); }
    static constexpr std::size_t line_size_max = 4096;
    // How long the end of a log waits for its last lines to be written.
    static constexpr reactor::Duration end_time_limit = std::chrono::seconds(1);

    explicit Log(reactor::Loop& loop);
    ~Log();

    // The log of a server: in a file of its name in the configured folder, which is made where it
    // is missing, or standard error.
    Outcome<> open(const config::Log& config, std::string_view server, watch::Counters& counters);
    // Appends to the file `path`, or to standard error with "-". `wire`: also every line in and
    // out.
    reactor::Result<void> open(const char* path, bool wire, watch::Counters& counters);
    // Appends to what is open already, and is the log's to close from here on, also on failure.
    reactor::Result<void> open(int fd, bool wire, watch::Counters& counters);
    bool wire() const { return wire_; }
    void set_wire(bool wanted) { wire_ = wanted; }
    // Before open(): standard error goes to a journal that knows the time itself, and reads how bad
    // a line is from `<4>` at its beginning. A file has neither.
    void write_for_journal() { for_journal_ = true; }

    // The line is complete when the returned object dies.
    LogLine event(Level level, std::string_view name);

    // One line in or out, but for the secrets in it; to be asked for only with wire().
    void wire_event(std::string_view name, std::string_view line);

    // Goes on in a new file of the same path, for whoever has moved the old one away; not on
    // standard error. Until a helper has opened it, and if it cannot be opened, the old one has the
    // lines.
    void reopen();

    // Has everything written, for as long as the limit allows and no write fails. Blocks.
    void settle(reactor::Duration time_limit);

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    friend class LogLine;

    enum class Asked : std::uint8_t { nothing, to_write, to_reopen };  // of the helper

    reactor::Result<void> start(int fd, bool wire, watch::Counters& counters);
    bool admit(Level level, std::string_view name);
    void report_suppressed();
    bool has_space();
    void count_loss();
    void report_loss();
    void end_line(std::size_t size);
    void flush();
    void hand_over();
    void on_done(const reactor::sys::Errand& errand);
    void on_reopened(int error);

    reactor::Loop& loop_;
    reactor::Task flush_task_;
    reactor::Helper helper_;
    reactor::Timer retry_;
    watch::Counters* counters_ = nullptr;  // Null until it is open.
    // Two batches: the lines gather in one, the other one is the helper's or empty.
    reactor::PageArray<char> buffer_;
    std::size_t batch_size_ = 0;
    std::size_t batch_ = 0;       // Where in the buffer the one begins in which they gather.
    std::size_t used_ = 0;        // of it
    std::string_view unwritten_;  // What is left of the other one.
    int fd_ = -1;
    std::string path_;     // Empty: what it is open to has none, or is shared.
    bool shared_ = false;  // Other processes write to the same descriptor.
    Asked asked_ = Asked::nothing;
    bool reopens_ = false;  // As soon as the helper is free.
    bool wire_ = false;
    bool for_journal_ = false;
    bool torn_ = false;  // The file ends in half a line that is not ours: it is to be ended.
    LogBudget budget_;
    std::int64_t second_ = 0;       // of the event before
    std::uint64_t lost_lines_ = 0;  // No line says so yet.
};

static_assert(Log::batch_size(false) >= 2 * Log::line_size_max);

// One line being written. Values are quoted where they need it; what is not printable ASCII stands
// as \xNN, so that a line is a line whatever a client has sent.
class LogLine {
public:
    LogLine(Log* log, Level level, std::string_view event);
    LogLine(const LogLine&) = delete;
    LogLine& operator=(const LogLine&) = delete;
    ~LogLine();

    LogLine& field(std::string_view key, std::string_view value);
    LogLine& field(std::string_view key, std::uint64_t value);

private:
    void put(std::string_view text);
    void put_escaped(std::string_view value);
    std::size_t space() const;

    Log* log_;  // Null: the line was not admitted.
    char* start_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace herd
