#include "herd/table/client_index.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace herd {
namespace {

using Entries = std::set<std::pair<std::uint32_t, std::uint32_t>>;  // hash and slot

// Found by its hash among all that have it.
bool has(const table::ClientIndex& index, std::uint32_t hash, std::uint32_t slot) {
    return index.find(hash, [slot](std::uint32_t found) { return found == slot; }) == slot;
}

void check_all(const table::ClientIndex& index, const Entries& entries) {
    index.check(static_cast<std::uint32_t>(entries.size()));
    for (const auto& [hash, slot] : entries) {
        CAPTURE(hash, slot);
        REQUIRE(has(index, hash, slot));
    }
}

TEST_CASE("client index: finds what a set has, and nothing else", "[herd][index]") {
    std::mt19937 random(11);
    constexpr std::uint32_t slots = 5'000;
    table::ClientIndex index;
    REQUIRE(index.open(slots));
    Entries entries;
    std::vector<std::uint32_t> hash_of(slots);
    std::vector<bool> in(slots);
    for (int i = 0; i < 200'000; ++i) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        // Grows to full and shrinks again, by turns.
        const bool grows = random() % 16 < ((i / 40'000) % 2 == 0 ? 12U : 4U);
        if (!in[slot] && grows) {
            // Some hashes are had by several, and stand in one segment.
            hash_of[slot] = random() % 64 == 0 ? 0x1234'5678 : static_cast<std::uint32_t>(random());
            REQUIRE(index.insert(hash_of[slot], slot));
            entries.emplace(hash_of[slot], slot);
            in[slot] = true;
        } else if (in[slot] && !grows) {
            index.remove(hash_of[slot], slot);
            entries.erase({hash_of[slot], slot});
            in[slot] = false;
            REQUIRE_FALSE(has(index, hash_of[slot], slot));
        }
        if (i % 10'000 == 0) check_all(index, entries);
    }
    check_all(index, entries);
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        if (!in[slot]) CHECK_FALSE(has(index, hash_of[slot], slot));
    }
}

TEST_CASE("client index: grows with its clients, and holds as many as it was opened for",
          "[herd][index]") {
    std::mt19937 random(12);
    for (const std::uint32_t slots : {1U, 100U, 384U, 385U, 10'000U, 300'000U}) {
        table::ClientIndex index;
        REQUIRE(index.open(slots));
        CHECK(index.segments() == 1);
        bool all_inserted = true;
        for (std::uint32_t slot = 0; slot < slots; ++slot) {
            all_inserted = all_inserted && index.insert(static_cast<std::uint32_t>(random()), slot);
            // Few pages for few clients: that is what it is for.
            REQUIRE(index.segments() <= slot / 192 + 1);
        }
        CAPTURE(slots);
        CHECK(all_inserted);
        index.check(slots);
        CHECK(index.segments() * 4096ULL <= table::ClientIndex::size_max(slots));
    }
}

TEST_CASE("client index: hashes that are all alike are refused when their segment is full",
          "[herd][index]") {
    constexpr std::uint32_t slots = 10'000;
    for (const std::uint32_t common : {0U, 0xffff'ffffU, 0x8000'0000U}) {
        table::ClientIndex index;
        REQUIRE(index.open(slots));
        std::uint32_t taken = 0;
        while (taken < slots && index.insert(common, taken)) ++taken;
        CHECK(taken == 511);
        for (std::uint32_t slot = 0; slot < taken; ++slot) CHECK(has(index, common, slot));
        CHECK_FALSE(has(index, common, taken));
        CHECK(index.find(common ^ 1, [](std::uint32_t) { return true; }) == table::no_record);
        // Others have room, and what was refused has it when another has gone.
        CHECK(index.insert(common ^ 0x4000'0000, taken));
        index.remove(common, 7);
        CHECK(index.insert(common, 7));
        index.check(taken + 1);
    }
}

}  // namespace
}  // namespace herd
