#include "herd/bridge/slot_set.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

namespace slot_set_test {

using herd::bridge::SlotSet;

TEST_CASE("slot set: what is added is taken once, and all have their turn", "[herd][bridge]") {
    SlotSet slots;
    REQUIRE(slots.map(10'000).has_value());
    CHECK(slots.empty());
    CHECK_FALSE(slots.take().has_value());
    for (const std::uint32_t slot : {9'999U, 0U, 63U, 64U, 4'095U, 4'096U, 64U}) slots.add(slot);
    CHECK(slots.size() == 6);
    CHECK(slots.has(64));
    slots.remove(64);
    slots.remove(65);
    CHECK_FALSE(slots.has(64));
    CHECK(slots.take() == 0U);
    CHECK(slots.take() == 63U);
    slots.add(1);  // Behind those whose turn is next.
    CHECK(slots.take() == 4'095U);
    CHECK(slots.take() == 4'096U);
    CHECK(slots.take() == 9'999U);
    CHECK(slots.take() == 1U);
    CHECK(slots.empty());
    slots.check();
}

TEST_CASE("slot set: it is a set, whatever is done to it", "[herd][bridge]") {
    constexpr std::uint32_t size = 70'000;
    SlotSet slots;
    REQUIRE(slots.map(size).has_value());
    std::set<std::uint32_t> model;
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto drawn = static_cast<std::uint32_t>(random());
        const std::uint32_t slot = drawn % 3 == 0 ? drawn / 3 % 200 : drawn / 3 % size;
        switch (random() % 4) {
            case 0:
                slots.remove(slot);
                model.erase(slot);
                break;
            case 1: {
                const auto taken = slots.take();
                REQUIRE(taken.has_value() == !model.empty());
                if (taken) REQUIRE(model.erase(*taken) == 1);
                break;
            }
            default:
                slots.add(slot);
                model.insert(slot);
        }
        REQUIRE(slots.size() == model.size());
    }
    slots.check();
    slots.clear();
    CHECK(slots.empty());
    slots.check();
}

}  // namespace slot_set_test
