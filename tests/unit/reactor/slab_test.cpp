#include "reactor/slab.hpp"

#include "tests/unit/reactor/dies.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace reactor::slab_test {

namespace {

struct Thing {
    explicit Thing(int value) : number(value) { ++alive; }
    ~Thing() { --alive; }
    Thing(const Thing&) = delete;
    Thing& operator=(const Thing&) = delete;
    int number;
    static inline int alive = 0;
};

struct Things : Slab<Thing> {
    explicit Things(std::uint32_t capacity) { REQUIRE(map(capacity).has_value()); }
};

TEST_CASE("slab: a handle does not survive its slot", "[reactor][slab]") {
    Things slab(1);
    Thing* first = slab.emplace(1);
    const auto stale = slab.handle(*first);
    slab.release(*first);
    REQUIRE(slab.find(stale) == nullptr);
    Thing* second = slab.emplace(2);
    REQUIRE(second == first);
    REQUIRE(slab.find(stale) == nullptr);
    REQUIRE(slab.find(slab.handle(*second)) == second);
}

TEST_CASE("slab: an index finds its object", "[reactor][slab]") {
    Things slab(2);
    Thing* first = slab.emplace(1);
    Thing* second = slab.emplace(2);
    REQUIRE(&slab[slab.index(*first)] == first);
    REQUIRE(&slab[slab.index(*second)] == second);
    REQUIRE(slab.index(*second) == slab.handle(*second).index);
}

TEST_CASE("slab: a slot costs its object and four bytes", "[reactor][slab]") {
    STATIC_REQUIRE(Things::slot_size == sizeof(Thing) + 4);
}

TEST_CASE("slab: full is an answer", "[reactor][slab]") {
    Things slab(2);
    REQUIRE(slab.emplace(1) != nullptr);
    REQUIRE_FALSE(slab.full());
    Thing* second = slab.emplace(2);
    REQUIRE(slab.full());
    REQUIRE(slab.emplace(3) == nullptr);
    REQUIRE(Thing::alive == 2);
    slab.release(*second);
    REQUIRE(slab.emplace(4) != nullptr);
    REQUIRE(slab.size() == 2);
    REQUIRE(slab.capacity() == 2);
}

TEST_CASE("slab: no handle of chance finds anything", "[reactor][slab]") {
    Things slab(4);
    slab.emplace(1);
    REQUIRE_FALSE(Handle<Thing>());
    REQUIRE(slab.find({}) == nullptr);
    REQUIRE(slab.find({0, 2}) == nullptr);  // An even generation: a free slot.
    REQUIRE(slab.find({3, 1}) == nullptr);  // Never used.
    REQUIRE(slab.find({99, 1}) == nullptr);
    REQUIRE(slab.find({UINT32_MAX, UINT32_MAX}) == nullptr);
}

TEST_CASE("slab: a handle goes through 64 bits and back", "[reactor][slab]") {
    const Handle<Thing> handle{0x89abcdef, 0xfedcba98};
    REQUIRE(handle.bits() == 0xfedcba9889abcdef);
    REQUIRE(Handle<Thing>::from_bits(handle.bits()) == handle);
}

TEST_CASE("slab: destroys what is live when it dies, once", "[reactor][slab]") {
    REQUIRE(Thing::alive == 0);
    {
        Things slab(8);
        for (int i = 0; i < 5; ++i) slab.emplace(i);
        slab.for_each([&](Thing& thing) {
            if (thing.number == 2) slab.release(thing);
        });
        REQUIRE(Thing::alive == 4);
    }
    REQUIRE(Thing::alive == 0);
}

TEST_CASE("slab: a visit may release what it visits", "[reactor][slab]") {
    Things slab(10);
    for (int i = 0; i < 10; ++i) slab.emplace(i);
    std::vector<int> visited;
    slab.for_each([&](Thing& thing) {
        visited.push_back(thing.number);
        if (thing.number % 2 == 0) slab.release(thing);
    });
    REQUIRE(visited.size() == 10);
    int sum = 0;
    std::as_const(slab).for_each([&](const Thing& thing) { sum += thing.number; });
    REQUIRE(sum == 1 + 3 + 5 + 7 + 9);
}

TEST_CASE("slab: objects never move", "[reactor][slab]") {
    Things slab(1000);
    std::vector<Thing*> things;
    things.reserve(1000);
    for (int i = 0; i < 1000; ++i) things.push_back(slab.emplace(i));
    for (int i = 0; i < 1000; i += 3) slab.release(*things[static_cast<std::size_t>(i)]);
    for (int i = 0; i < 1000; i += 3) slab.emplace(-1);
    for (int i = 0; i < 1000; ++i) {
        if (i % 3 != 0) REQUIRE(things[static_cast<std::size_t>(i)]->number == i);
    }
}

struct alignas(64) Wide {
    char bytes[65] = {};
};

TEST_CASE("slab: slots keep the alignment of their type", "[reactor][slab]") {
    Slab<Wide> slab;
    REQUIRE(slab.map(3).has_value());
    slab.emplace();
    Wide* second = slab.emplace();
    REQUIRE(reinterpret_cast<std::uintptr_t>(second) % 64 == 0);
    REQUIRE(slab.handle(*second).index == 1);
}

std::ptrdiff_t pick(std::mt19937& random, std::size_t count) {
    return static_cast<std::ptrdiff_t>(random() % count);
}

TEST_CASE("slab: free slots that run in a circle, or into a live one, are found out",
          "[reactor][slab]") {
    Slab<std::uint64_t> slab;
    REQUIRE(slab.map(4).has_value());
    std::array<std::uint64_t*, 3> numbers{};
    for (auto& number : numbers) number = slab.emplace(7U);
    slab.release(*numbers[0]);
    slab.release(*numbers[2]);
    slab.check();
    // The slot released last holds the index of the one before.
    const auto put = [&](std::uint32_t next) { std::memcpy(numbers[2], &next, sizeof next); };
    for (const std::uint32_t wrong : {1U, 2U, 3U, slab.no_index}) {
        put(wrong);
        REQUIRE(test::dies([&] { slab.check(); }));
    }
    put(0);
    slab.check();
}

TEST_CASE("slab: behaves as a map of handles under random operations", "[reactor][slab]") {
    std::mt19937 random(20);
    Things slab(16);
    std::map<std::uint64_t, int> model;
    std::set<std::uint64_t> stale;
    for (int step = 0; step < 20000; ++step) {
        if (random() % 2 == 0) {
            Thing* thing = slab.emplace(step);
            REQUIRE((thing == nullptr) == (model.size() == 16));
            if (thing == nullptr) continue;
            const auto bits = slab.handle(*thing).bits();
            REQUIRE_FALSE(stale.contains(bits));
            REQUIRE(model.emplace(bits, step).second);
        } else if (!model.empty()) {
            const auto chosen = std::next(model.begin(), pick(random, model.size()));
            Thing* thing = slab.find(Handle<Thing>::from_bits(chosen->first));
            REQUIRE(thing != nullptr);
            REQUIRE(thing->number == chosen->second);
            slab.release(*thing);
            stale.insert(chosen->first);
            model.erase(chosen);
        }
        REQUIRE(slab.size() == model.size());
        slab.check();
    }
    for (const auto bits : stale) REQUIRE(slab.find(Handle<Thing>::from_bits(bits)) == nullptr);
}

}  // namespace

}  // namespace reactor::slab_test
