#include "herd/log.hpp"

#include "herd/log_budget.hpp"
#include "reactor/loop.hpp"
#include "tests/unit/herd/log_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using herd::Level;
using herd::Log;
using herd::LogBudget;
using herd::test::LogFile;
using herd::test::timeout;
namespace fs = std::filesystem;

// A log in a pipe that is read when the test says so.
struct LogPipe {
    LogPipe() : path(fs::temp_directory_path() / ("herd-log-pipe-" + std::to_string(getpid()))) {
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
        end = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
        REQUIRE(loop.open({}).has_value());
    }
    ~LogPipe() {
        close(end);
        fs::remove(path);
    }
    LogPipe(const LogPipe&) = delete;
    LogPipe& operator=(const LogPipe&) = delete;

    void open() {
        const int writer = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        REQUIRE(writer >= 0);
        REQUIRE(log->open(writer, true, counters).has_value());
    }
    // Of the loop, which does not wait for events.
    void turn() {
        reactor::Task task(
            loop, reactor::Phase::work, reactor::Delegate<void()>::to<&LogPipe::work>(*this));
        task.post();
        loop.run_once();
    }
    void work() { ++turns; }
    // False when nobody writes to it any more.
    bool read() {
        char buffer[16'384];
        const auto got = ::read(end, buffer, sizeof buffer);
        if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
        return got != 0;
    }
    // Of the log, too.
    void read_to_the_end() {
        std::thread reader([this] {
            while (read()) usleep(100);
        });
        log.reset();
        reader.join();
    }
    std::vector<std::string> lines() const {
        REQUIRE(text.ends_with("\n"));
        std::istringstream stream(text);
        std::vector<std::string> all;
        for (std::string line; std::getline(stream, line);) all.push_back(line);
        return all;
    }

    std::string path;
    int end = -1;
    std::string text;
    std::uint64_t turns = 0;
    reactor::Loop loop;
    herd::watch::Counters counters;
    std::optional<Log> log{std::in_place, loop};
};

// The line with every digit as a 0.
std::string shape(std::string line) {
    std::ranges::replace_if(
        line, [](char c) { return c >= '0' && c <= '9'; }, '0');
    return line;
}

// No file of this process may grow beyond `size` for a while.
class FileLimit {
public:
    explicit FileLimit(rlim_t size) {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{size, before_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("log: a line has a time, a level, an event and its fields", "[herd][log]") {
    LogFile file;
    file.open();
    file.log.event(Level::warning, "link_down").field("neighbour", "Hands").field("code", 502U);
    const auto lines = file.lines();
    REQUIRE(lines.size() == 1);
    CHECK(
        shape(lines[0]) ==
        "time=0000-00-00T00:00:00.000000Z level=warning event=link_down neighbour=Hands code=000");
    CHECK(lines[0].ends_with("code=502"));
}

TEST_CASE("log: every level has its name", "[herd][log]") {
    LogFile file;
    file.open();
    for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
        file.log.event(level, "e");
    }
    const auto lines = file.lines();
    REQUIRE(lines.size() == 4);
    const char* names[] = {"debug", "info", "warning", "error"};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(lines[i].find(std::string(" level=") + names[i] + " ") != std::string::npos);
    }
}

TEST_CASE("log: values are quoted where they need it, and only there", "[herd][log]") {
    const std::pair<std::string, std::string> values[] = {
        {"plain-1.5:x/y", "plain-1.5:x/y"},
        {"", R"("")"},
        {"two words", R"("two words")"},
        {"a=b", R"("a=b")"},
        {R"(say "hi")", R"("say \"hi\"")"},
        {R"(back\slash)", R"("back\\slash")"},
        {"line\nlevel=error event=forged", R"("line\x0alevel=error event=forged")"},
        {"\r\t\x1b[31m", R"("\x0d\x09\x1b[31m")"},
        {std::string("nul\0byte", 8), R"("nul\x00byte")"},
        {"caf\xc3\xa9\x7f\xff", R"("caf\xc3\xa9\x7f\xff")"},
    };
    for (const auto& [value, written] : values) {
        LogFile file;
        file.open();
        file.log.event(Level::info, "e").field("k", value);
        CHECK(file.line() == "level=info event=e k=" + written);
    }
}

TEST_CASE("log: every byte of a value comes out printable", "[herd][log]") {
    LogFile file;
    file.open();
    std::string value;
    for (int byte = 0; byte < 256; ++byte) value.push_back(static_cast<char>(byte));
    file.log.event(Level::info, "e").field("k", value);
    for (const char byte : file.line()) {
        REQUIRE(byte >= ' ');
        REQUIRE(byte < 0x7f);
    }
}

TEST_CASE("log: the largest number stands in full", "[herd][log]") {
    LogFile file;
    file.open();
    file.log.event(Level::info, "e").field("n", UINT64_MAX).field("zero", std::uint64_t{0});
    CHECK(file.line() == "level=info event=e n=18446744073709551615 zero=0");
}

TEST_CASE("log: a line that is too long is cut, says so, and stays a line", "[herd][log]") {
    for (std::size_t size = Log::line_size_max - 120; size < Log::line_size_max + 20; ++size) {
        LogFile file;
        file.open();
        file.log.event(Level::info, "e").field("k", std::string(size, '\n')).field("more", "x y");
        file.log.event(Level::info, "next");
        const auto lines = file.lines();
        REQUIRE(lines.size() == 2);
        REQUIRE(lines[0].size() < Log::line_size_max);
        REQUIRE(lines[0].find("...\"") != std::string::npos);
        REQUIRE(lines[1].ends_with("event=next"));
    }
    // Plain values are cut too, at every size around the limit.
    for (std::size_t size = Log::line_size_max - 80; size < Log::line_size_max + 8; ++size) {
        LogFile file;
        file.open();
        file.log.event(Level::info, "e").field("k", std::string(size, 'x')).field("q", "a b");
        const auto lines = file.lines();
        REQUIRE(lines.size() == 1);
        REQUIRE(lines[0].size() < Log::line_size_max);
    }
}

TEST_CASE("log: of each kind of event there are so many lines, and the rest is counted",
          "[herd][log]") {
    LogFile file;
    file.open();
    constexpr std::size_t few = LogBudget::burst;
    for (std::size_t i = 0; i < few + 7; ++i) file.log.event(Level::warning, "refused");
    for (std::size_t i = 0; i < few; ++i) file.log.event(Level::info, "link_up");
    CHECK(file.lines().size() == 2 * few);
    CHECK(file.counters.log_lines_suppressed == 7);
    // A second later; this file only reads the clock when its loop turns.
    usleep(1'050'000);
    file.log.event(Level::warning, "refused");
    CHECK(file.lines().size() == 2 * few);
    file.loop.run_once();
    file.log.event(Level::info, "link_up");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2 * few + 2);
    CHECK(lines[2 * few].ends_with("level=warning event=suppressed of=refused lines=8"));
    CHECK(lines.back().ends_with("event=link_up"));
}

TEST_CASE("log: what is broken, and the wire, have no budget", "[herd][log]") {
    LogFile file;
    file.open(true);
    CHECK(file.log.wire());
    constexpr std::size_t count = std::size_t{3} * LogBudget::burst;
    for (std::size_t i = 0; i < count; ++i) {
        file.log.event(Level::debug, "in").field("line", "IAMAT c +1-1 1");
        file.log.event(Level::error, "journal_failed");
    }
    CHECK(file.lines().size() == 2 * count);
}

TEST_CASE("log: a line of the wire stands there but for its secrets", "[herd][log]") {
    LogFile file;
    file.open(true);
    file.log.wire_event("peer_in", "COOKIE 0123456789abcdef");
    file.log.wire_event("in", "IAMAT c +1-1 1");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with("level=debug event=peer_in line=COOKIE secret=hidden"));
    CHECK(lines[1].ends_with("event=in line=\"IAMAT c +1-1 1\""));
}

TEST_CASE("log budget: a kind that rests has its burst again, and no more", "[herd][log]") {
    LogBudget budget;
    const auto taken = [&](std::string_view kind, std::int64_t second) {
        std::uint32_t lines = 0;
        while (budget.take(kind, second)) ++lines;
        return lines;
    };
    CHECK(taken("a", 1'000) == LogBudget::burst);
    CHECK(taken("b", 1'000) == LogBudget::burst);
    CHECK(taken("a", 1'001) == 1);
    CHECK(taken("a", 1'011) == 10);
    CHECK(taken("a", 1'000'000) == LogBudget::burst);
    std::vector<std::uint64_t> told;
    const auto report = [&](bool room) {
        budget.report([&](std::string_view, std::uint64_t lines) {
            told.push_back(lines);
            return room;
        });
    };
    // What there was no room to tell stays counted.
    report(false);
    report(true);
    report(true);
    CHECK(told == std::vector<std::uint64_t>{4, 1, 4, 1});
}

TEST_CASE("log: a log that was never opened takes events and drops them", "[herd][log]") {
    LogFile file;
    file.log.event(Level::error, "e").field("k", "v").field("n", 1U);
    file.log.settle(timeout);
    CHECK_FALSE(fs::exists(file.path));
}

TEST_CASE("log: lines are written once per iteration, without being asked", "[herd][log]") {
    LogFile file;
    file.open();
    file.log.event(Level::info, "e");
    CHECK(fs::file_size(file.path) == 0);
    file.loop.run_once();
    file.loop.run_once();  // Until the helper says that it is done.
    CHECK(fs::file_size(file.path) > 0);
}

TEST_CASE("log: what a full disk does not take is written when it does, and no line is torn",
          "[herd][log]") {
    LogFile file;
    file.open(true);
    file.log.event(Level::info, "first");
    const std::size_t first = file.lines()[0].size() + 1;
    std::uint64_t said = 0;
    {
        const FileLimit limit(first + 10);
        for (; file.counters.log_lines_lost < 5; ++said) {
            file.log.event(Level::debug, "in").field("n", said);
            if (said < 2) file.log.settle(timeout);
        }
        CHECK(fs::file_size(file.path) == first + 10);
    }
    file.log.settle(timeout);
    file.log.event(Level::info, "after");
    const auto lines = file.lines();
    REQUIRE(lines.size() == said - 5 + 3);
    for (std::size_t i = 1; i + 2 < lines.size(); ++i) {
        REQUIRE(
            shape(lines[i]).starts_with("time=0000-00-00T00:00:00.000000Z level=debug event=in"));
        REQUIRE(lines[i].ends_with(" n=" + std::to_string(i - 1)));
    }
    CHECK(lines[lines.size() - 2].ends_with("level=warning event=lost lines=5"));
    CHECK(lines.back().ends_with("event=after"));
}

TEST_CASE("log: a disk that was full is tried again with nothing new to say", "[herd][log]") {
    LogFile file;
    file.open();
    file.log.event(Level::info, "first");
    {
        const FileLimit limit(10);
        file.log.settle(timeout);
        CHECK(fs::file_size(file.path) == 10);
    }
    file.log.event(Level::info, "second");
    file.loop.run_once();  // Not so soon.
    CHECK(fs::file_size(file.path) == 10);
    while (fs::file_size(file.path) == 10) file.loop.run_once();
    CHECK(file.lines().size() == 2);
}

TEST_CASE("log: a device that is always full is no trouble", "[herd][log]") {
    LogFile file;
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(file.log.open(full, true, file.counters).has_value());
    while (file.counters.log_lines_lost < 10) {
        file.log.event(Level::debug, "e").field("k", "some value");
    }
    file.log.settle(timeout);
}

TEST_CASE("log: a reader that stalls costs lines, and nobody waits for it", "[herd][log]") {
    LogPipe pipe;
    pipe.open();
    std::uint64_t said = 0;
    // Each turn of the loop says a line: none waits.
    while (pipe.counters.log_lines_lost < 100) {
        pipe.log->event(Level::debug, "in").field("n", said++);
        pipe.turn();
    }
    const std::uint64_t lost = pipe.counters.log_lines_lost;
    CHECK(pipe.turns == said);
    // What fits in memory is kept, and what follows comes after the gap.
    CHECK(said - lost > Log::batch_size(true) / Log::line_size_max);
    // Not again through all of it, some megabytes, for each piece more.
    std::size_t looked = 0;
    while (pipe.text.find("event=lost", looked) == std::string::npos) {
        looked = pipe.text.rfind('\n') + 1;
        pipe.read();
        pipe.log->event(Level::debug, "in").field("n", said++);
        pipe.turn();
    }
    pipe.read_to_the_end();
    std::uint64_t next = 0;
    for (const std::string& line : pipe.lines()) {
        REQUIRE(shape(line).starts_with("time=0000-00-00T00:00:00.000000Z level="));
        if (line.find("event=lost") == line.npos) {
            REQUIRE(line.ends_with(" n=" + std::to_string(next++)));
        } else {
            next += std::stoull(line.substr(line.find("lines=") + 6));
        }
    }
    CHECK(next == said);
    CHECK(pipe.counters.log_lines_lost >= lost);
}

TEST_CASE("log: it ends though its reader stalls, and its last lines are in the pipe's hands",
          "[herd][log]") {
    LogPipe pipe;
    pipe.open();
    while (pipe.counters.log_lines_lost == 0) {
        pipe.log->event(Level::debug, "in");
        pipe.turn();
    }
    pipe.log.reset();
    pipe.read_to_the_end();
    for (const std::string& line : pipe.lines()) REQUIRE(line.ends_with("level=debug event=in"));
}
