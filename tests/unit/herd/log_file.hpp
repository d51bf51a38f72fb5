#pragma once

#include "herd/log.hpp"
#include "herd/watch/counters.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace herd::test {

inline constexpr reactor::Duration timeout = std::chrono::seconds(10);

// A log in a file of its own, which goes with it.
struct LogFile {
    LogFile() { REQUIRE(loop.open({}).has_value()); }
    ~LogFile() { std::filesystem::remove(path); }

    void open(bool wire = false) { REQUIRE(log.open(path.c_str(), wire, counters).has_value()); }
    std::vector<std::string> lines() {
        log.settle(timeout);
        std::ifstream file(path, std::ios::binary);
        std::vector<std::string> all;
        for (std::string line; std::getline(file, line);) all.push_back(line);
        return all;
    }
    // What stands behind the stamp of the one line that there is.
    std::string line() {
        const auto all = lines();
        REQUIRE(all.size() == 1);
        return all[0].substr(all[0].find(' ') + 1);
    }

    std::string path =
        (std::filesystem::temp_directory_path() / ("herd-log-test-" + std::to_string(getpid())));
    reactor::Loop loop;
    watch::Counters counters;
    Log log{loop};
};

}  // namespace herd::test
