// What a neighbour says, on either connection, harms nobody: it is what it may be, or the
// connection ends.
#include "herd/links/peer_link.hpp"
#include "tests/unit/herd/links/dialled_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace dialled;

namespace {

// A report of client `i` whose line has `size` bytes.
std::string line_of(std::uint32_t i, std::size_t size) {
    std::string line = "AT B +0.5 " + std::to_string(i) + "-";
    const std::string rest = " +1-1 5";
    REQUIRE(line.size() + rest.size() < size);
    line.append(size - line.size() - rest.size(), 'x');
    return line + rest;
}

}  // namespace

TEST_CASE("lying_neighbour: records of chosen lengths do not leave too little of a batch",
          "[herd][link]") {
    // A batch that ends anywhere near where it is full, with no record behind it.
    constexpr std::size_t longest = 492;
    constexpr std::size_t count_max = 134;
    constexpr std::size_t full = (std::size_t{64} << 10) + 2 * longest;
    for (std::size_t total = full - 1000; total <= full; total += 7) {
        std::string lines;
        std::size_t left = total - (longest + 1);
        for (std::uint32_t i = 0; i + 1 < count_max; ++i) {
            const std::size_t size = std::min(left / (count_max - 1 - i), longest + 1);
            lines += line_of(i, size - 1) + "\n";
            left -= size;
        }
        lines += line_of(count_max, longest) + "\n";
        House house(256, count_max);
        house.kernel.buffer_size = 1'000'000;
        house.listen();
        house.greet_from_b(lines);
        REQUIRE(house.server.table().size() == count_max);
        // The run that they came from is over, so they go back to the next one.
        house.accept();
        std::string feed = house.welcome("0000000000000000 0 0 0", "000000000000000c");
        feed += house.hear(100ms);
        CHECK(count(feed, "AT B ") == count_max);
        CHECK(count(feed, "SEQ 134") == 1);
    }
}
