#include "herd/bridge/window.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <vector>

namespace window_test {

using namespace std::chrono_literals;
using herd::bridge::Window;

constexpr reactor::Instant start{1s};

struct House {
    explicit House(std::uint32_t size) { REQUIRE(window.map(size).has_value()); }

    std::uint64_t say(std::uint32_t slot, std::uint32_t size = 100) {
        return say(slot, true, size);
    }
    // No acknowledgement is asked for.
    std::uint64_t carry(std::uint32_t slot) { return say(slot, false, 100); }
    std::uint64_t say(std::uint32_t slot, bool asks, std::uint32_t size) {
        const std::uint64_t number = window.next();
        window.say({slot, slot * 10ULL}, asks, size, now);
        window.check();
        return number;
    }
    std::vector<std::uint32_t> pass(std::uint64_t seq) {
        std::vector<std::uint32_t> slots;
        window.pass(seq, [&](const auto& each) { slots.push_back(each.slot); });
        window.check();
        return slots;
    }

    Window window;
    reactor::Instant now = start;
};

TEST_CASE("window: what is acknowledged stays until the reader has passed it", "[herd][bridge]") {
    House house(16);
    const auto first = house.say(1);
    const auto second = house.say(2);
    const auto third = house.say(3);
    CHECK(first != 0);
    CHECK(house.pass(100).empty());
    // In any order.
    CHECK(house.window.acknowledge(second, 12, house.now));
    CHECK(house.pass(100).empty());
    CHECK(house.window.acknowledge(first, 11, house.now));
    CHECK(house.window.unacknowledged() == 1);
    CHECK(house.pass(10).empty());
    CHECK(house.pass(11) == std::vector{1U});
    CHECK_FALSE(house.window.acknowledge(first, 11, house.now));
    CHECK(house.window.refuse(third, house.now)->digest == 30);
    CHECK_FALSE(house.window.refuse(third, house.now).has_value());
    CHECK(house.pass(12) == std::vector{2U});  // Of the refused one nobody is told.
    CHECK(house.window.size() == 0);
    CHECK_FALSE(house.window.acknowledge(99, 1, house.now));
    CHECK_FALSE(house.window.acknowledge(0, 1, house.now));
}

TEST_CASE("window: an acknowledgement carries those before it that asked for none",
          "[herd][bridge]") {
    House house(16);
    const auto carried = house.carry(1);
    const auto asked = house.say(2);
    house.carry(3);
    const auto later = house.say(4);
    house.carry(5);
    CHECK(house.window.acknowledge(carried, 10, house.now) == 0);
    CHECK(house.window.acknowledge(later, 14, house.now) == 3);
    CHECK(house.window.unacknowledged() == 2);
    // The first is stored by now, and what is behind it waits for the second.
    CHECK(house.pass(13).empty());
    CHECK(house.pass(14) == std::vector{1U});
    CHECK(house.window.acknowledge(asked, 12, house.now) == 1);
    CHECK(house.pass(13) == std::vector{2U});
    CHECK(house.pass(14) == std::vector{3U, 4U});
    CHECK(house.pass(UINT64_MAX).empty());
    CHECK(house.window.unacknowledged() == 1);
    CHECK(house.window.waiting(house.now + 1s) == 0s);
    CHECK(house.window.acknowledge(house.say(6), 16, house.now) == 2);
    CHECK(house.pass(16) == std::vector{5U, 6U});
}

TEST_CASE("window: what is before a refused one may be stored anywhere", "[herd][bridge]") {
    House house(16);
    house.carry(1);
    const auto refused = house.say(2);
    house.carry(3);
    CHECK(house.window.refuse(refused, house.now)->slot == 2);
    CHECK(house.window.unacknowledged() == 1);
    CHECK(house.pass(0) == std::vector{1U});
    CHECK(house.window.size() == 1);
    std::vector<std::uint32_t> slots;
    house.window.drop([&](const auto& each) { slots.push_back(each.slot); });
    CHECK(slots == std::vector{3U});
    // Of those that are dropped none is carried by what is said then.
    CHECK(house.window.acknowledge(house.say(4), 1, house.now) == 1);
    house.window.check();
}

TEST_CASE("window: it is full by number, by bytes, and by what is not passed", "[herd][bridge]") {
    House house(16);
    for (std::uint32_t i = 0; i < 15; ++i) house.say(i);
    CHECK_FALSE(house.window.full());
    house.say(15);
    CHECK(house.window.full());
    for (std::uint64_t number = 1; number <= 16; ++number) {
        REQUIRE(house.window.acknowledge(number, number, house.now));
    }
    CHECK_FALSE(house.window.full());
    for (std::uint32_t i = 16; i < 64; ++i) {
        REQUIRE(house.window.acknowledge(house.say(i), i + 1, house.now));
    }
    CHECK(house.window.unacknowledged() == 0);
    CHECK(house.window.full());
    CHECK(house.pass(1).size() == 1);
    CHECK_FALSE(house.window.full());
    House large(16);
    large.say(1, Window::bytes_max);
    CHECK(large.window.full());
    CHECK(large.window.acknowledge(1, 1, large.now));
    CHECK_FALSE(large.window.full());
}

TEST_CASE("window: the oldest that waits is known, and how long one took", "[herd][bridge]") {
    House house(16);
    CHECK(house.window.waiting(house.now) == 0s);
    const auto first = house.say(1);
    house.now += 1s;
    house.say(2);
    house.now += 1s;
    CHECK(house.window.waiting(house.now) == 2s);
    CHECK(house.window.acknowledge(first, 1, house.now));
    CHECK(house.window.round_trip() == 2s);
    CHECK(house.window.waiting(house.now) == 1s);
}

TEST_CASE("window: of what is dropped only the refused is not told of", "[herd][bridge]") {
    House house(16);
    const auto first = house.say(1);
    const auto second = house.say(2);
    house.say(3);
    CHECK(house.window.acknowledge(first, 7, house.now));
    CHECK(house.window.refuse(second, house.now).has_value());
    std::vector<std::uint32_t> slots;
    house.window.drop([&](const auto& each) { slots.push_back(each.slot); });
    house.window.check();
    CHECK(slots == std::vector{1U, 3U});
    CHECK(house.window.size() == 0);
    CHECK_FALSE(house.window.acknowledge(3, 1, house.now));  // It comes late.
    CHECK(house.say(4) == 4);
}

}  // namespace window_test
