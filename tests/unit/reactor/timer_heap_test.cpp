#include "reactor/timer_heap.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <vector>

namespace reactor::timer_heap_test {

namespace {

struct Entry final : TimerHeap::Entry {
    ~Entry() = default;
};

Instant at(int ms) {
    return Instant(std::chrono::milliseconds(ms));
}

// All that is due by then, in the order in which it is handed out.
std::vector<Instant> taken(TimerHeap& heap, Instant now) {
    List<TimerHeap::Entry> due;
    heap.take_due(now, due);
    std::vector<Instant> instants;
    while (const TimerHeap::Entry* entry = due.pop()) instants.push_back(entry->due());
    return instants;
}

TEST_CASE("timer heap: an empty one is never due", "[reactor][timer]") {
    TimerHeap heap;
    REQUIRE(heap.map(1).has_value());
    CHECK(heap.next() == Instant::max());
    CHECK(taken(heap, Instant::max()).empty());
    heap.check();
}

TEST_CASE("timer heap: what is due comes out in order, and no more", "[reactor][timer]") {
    TimerHeap heap;
    REQUIRE(heap.map(8).has_value());
    std::array<Entry, 5> entries;
    const std::array due = {40, 10, 30, 10, 20};
    for (std::size_t i = 0; i < due.size(); ++i) heap.insert(entries[i], at(due[i]));
    heap.check();
    CHECK(heap.next() == at(10));
    CHECK(taken(heap, at(9)).empty());
    CHECK(taken(heap, at(20)) == std::vector{at(10), at(10), at(20)});
    CHECK(heap.size() == 2);
    CHECK_FALSE(entries[1].in_heap());
    CHECK(entries[0].in_heap());
    CHECK(taken(heap, at(100)) == std::vector{at(30), at(40)});
}

TEST_CASE("timer heap: the order holds through any inserts and removals", "[reactor][timer]") {
    constexpr std::size_t count = 64;
    TimerHeap heap;
    REQUIRE(heap.map(count).has_value());
    std::array<Entry, count> entries;
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same each time.
    for (int step = 0; step < 20'000; ++step) {
        Entry& entry = entries[random() % count];
        if (entry.in_heap()) {
            heap.remove(entry);
        } else {
            heap.insert(entry, at(static_cast<int>(random() % 1000)));
        }
        heap.check();
        Instant earliest = Instant::max();
        for (const Entry& each : entries) {
            if (each.in_heap()) earliest = std::min(earliest, each.due());
        }
        REQUIRE(heap.next() == earliest);
    }
    const auto rest = taken(heap, at(1000));
    CHECK(std::ranges::is_sorted(rest));
    CHECK(heap.size() == 0);
}

}  // namespace

}  // namespace reactor::timer_heap_test
