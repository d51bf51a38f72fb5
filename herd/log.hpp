#pragma once

#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstdint>
#include <string_view>

namespace herd {

enum class Level : std::uint8_t { debug, info, warning, error };

class LogLine;

// One server's log: a line per event, `time=... level=... event=... key=value`. Lines gather in a
// fixed buffer that is written once per loop iteration; when the file cannot take them, they are
// counted and dropped, never waited for, and the count is the first line that it takes again.
// Without a file, everything is dropped silently.
class Log {
public:
    static constexpr std::size_t buffer_size = std::size_t{256} << 10;
    static constexpr std::size_t line_size_max = 4096;
    // Further events within one second are counted instead; lines of the wire are exempt.
    static constexpr std::uint32_t events_per_second = 1000;

    explicit Log(reactor::Loop& loop);
    ~Log();

    // Appends to `path`, or to standard error with "-". `wire`: also every line in and out.
    reactor::Result<void> open(const char* path, bool wire);
    bool wire() const { return wire_; }

    // The line is complete when the returned object dies.
    LogLine event(Level level, std::string_view name);

    void flush();

private:
    friend class LogLine;

    bool admit();
    void confess();
    char* begin_line();
    void end_line(std::size_t size);

    reactor::Loop& loop_;
    reactor::Task flush_task_;
    reactor::PageArray<char> buffer_;
    std::size_t used_ = 0;
    int fd_ = -1;
    bool owned_ = false;
    bool wire_ = false;
    std::int64_t second_ = 0;
    std::uint32_t events_ = 0;
    std::uint64_t suppressed_ = 0;
    std::uint64_t lost_bytes_ = 0;  // The file does not say so yet.
    std::uint64_t told_bytes_ = 0;  // Of these, what a line in the buffer says.
    bool torn_ = false;             // The file ends within a line.
};

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
    std::size_t room() const;

    Log* log_;  // Null: the line was not admitted.
    char* start_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace herd
