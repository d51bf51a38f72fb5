#include "tests/live/ports.hpp"

#include "tests/live/client.hpp"
#include "tests/live/process.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace ports_live_test {

using namespace live;

namespace {

constexpr std::size_t count = 400;  // of each, of 10,000: 16 would be the same by chance

std::string python() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const known = std::getenv("HERD_PYTHON");
    return known == nullptr ? "/usr/bin/python3" : known;
}

// A script that has taken some, and lives on.
std::vector<std::string> script() {
    return {python(),
            "-B",
            "-c",
            "import sys, time; sys.path.insert(0, '" HERD_SOURCE_ROOT
            "/bench'); from ports import take_ports; print(*take_ports(" +
                std::to_string(count) + "), 'taken', flush=True); time.sleep(60)"};
}

std::vector<std::uint16_t> told(const Process& script) {
    std::istringstream text(script.out());
    std::vector<std::uint16_t> ports(count);
    for (auto& port : ports) text >> port;
    return ports;
}

}  // namespace

TEST_CASE("ports: no two programs of this suite have the same, though nobody binds them",
          "[live][ports]") {
    Process one(script());
    Process other(script());
    const auto ours = take_ports(count);
    REQUIRE(one.says("taken"));
    REQUIRE(other.says("taken"));
    const auto more = take_ports(count);

    std::set<std::uint16_t> all;
    for (const auto& ports : {ours, more, told(one), told(other)})
        all.insert(ports.begin(), ports.end());
    CHECK(all.size() == 4 * count);
    CHECK(
        std::ranges::all_of(ours, [](std::uint16_t port) { return LoopbackSocket(port).bind(); }));
}

}  // namespace ports_live_test
