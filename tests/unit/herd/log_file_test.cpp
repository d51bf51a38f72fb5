#include "tests/unit/herd/log_file.hpp"

#include "herd/config/config.hpp"
#include "herd/log.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using herd::Level;
using herd::Log;
using herd::test::LogFile;
using herd::test::timeout;
namespace fs = std::filesystem;

TEST_CASE("log: a log is appended to, and a file that cannot be is an error", "[herd][log]") {
    LogFile file;
    { std::ofstream(file.path) << "before\n"; }
    file.open();
    file.log.event(Level::info, "e");
    CHECK(file.lines()[0] == "before");
    Log other(file.loop);
    const auto opened = other.open("/nowhere/at/all.log", false, file.counters);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().value == ENOENT);
}

TEST_CASE("log: a log that is moved away is opened anew, and no line is lost", "[herd][log]") {
    LogFile file;
    file.open();
    const std::string moved = file.path + ".1";
    file.log.event(Level::info, "before");
    file.log.settle(timeout);
    fs::rename(file.path, moved);
    file.log.event(Level::info, "between");
    file.log.reopen();
    file.log.event(Level::info, "after");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].ends_with("event=between"));
    CHECK(lines[1].ends_with("event=after"));
    CHECK(lines[2].ends_with("event=log_reopened"));
    file.log.check();
    CHECK(fs::file_size(moved) > 0);
    fs::remove(moved);
}

TEST_CASE("log: half a line that stands there already is ended", "[herd][log]") {
    LogFile file;
    { std::ofstream(file.path) << "whole\nhal"; }
    file.open();
    file.log.event(Level::info, "first");
    file.log.event(Level::info, "second");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 5);
    CHECK(lines[1] == "hal");
    CHECK(lines[2].ends_with("level=warning event=lost lines=1"));
    CHECK(lines[3].ends_with("event=first"));
    CHECK(lines[4].ends_with("event=second"));
    CHECK(file.counters.log_lines_lost == 1);
    file.log.check();
}

TEST_CASE("log: half a line in the file that it goes on in is ended, too", "[herd][log]") {
    LogFile file;
    file.open();
    const std::string moved = file.path + ".1";
    file.log.event(Level::info, "before");
    file.log.settle(timeout);
    fs::rename(file.path, moved);
    { std::ofstream(file.path) << "hal"; }
    file.log.reopen();
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] == "hal");
    CHECK(lines[1].ends_with("event=log_reopened"));
    // Nor is the rest of its own line: that is still to come.
    { std::ofstream(file.path, std::ios::app) << "own"; }
    file.log.reopen();
    CHECK(file.lines().back().find("own") == 0);
    fs::remove(moved);
}

TEST_CASE("log: where no new file can be opened, the old one goes on", "[herd][log]") {
    LogFile file;
    file.open();
    const std::string moved = file.path + ".1";
    fs::rename(file.path, moved);
    fs::create_symlink("/dev/null", file.path);
    file.log.reopen();
    file.log.settle(timeout);
    file.log.event(Level::info, "after");
    file.log.settle(timeout);
    fs::rename(moved, file.path);
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].find("level=error event=log_not_reopened error=") != std::string::npos);
    CHECK(lines[1].ends_with("event=after"));
}

TEST_CASE("log: only a file is taken for one", "[herd][log]") {
    LogFile file;
    const std::string folder = file.path + "-folder";
    const std::string path = folder + "/S.log";
    herd::config::Log config;
    config.folder = folder;
    fs::create_directory(folder);
    { std::ofstream(folder + "/other") << "other\n"; }
    fs::create_symlink(folder + "/other", path);
    CHECK(file.log.open(config, "S", file.counters).error() ==
          "log " + path + ": it is a symbolic link: make it a file");
    fs::remove(path);
    // Nobody reads it: to open it would wait.
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    CHECK_FALSE(file.log.open(config, "S", file.counters));
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(file.log.open(config, "S", file.counters).error() ==
          "log " + path + ": it is not a file");
    close(reader);
    CHECK(fs::file_size(folder + "/other") == 6);
    fs::remove_all(folder);
}
