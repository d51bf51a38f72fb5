#include "herd/geo/key_tree.hpp"

#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <vector>

namespace key_tree_test {

namespace {

using herd::geo::KeyTree;

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

// A tree, and the same in the plainest way.
struct Trees {
    explicit Trees(std::uint32_t keys) { REQUIRE(tree.open(keys).has_value()); }

    void insert(std::uint64_t key) {
        if (plain.insert(key).second) tree.insert(key);
    }
    void erase(std::uint64_t key) {
        if (plain.erase(key) > 0) tree.erase(key);
    }
    void replace(const KeyTree::Move& move) {
        if (move.old == move.key || !plain.contains(move.old) || plain.contains(move.key)) return;
        plain.erase(move.old);
        plain.insert(move.key);
        tree.replace(move);
    }
    void assign(const std::set<std::uint64_t>& keys) {
        plain = keys;
        tree.assign(std::vector(keys.begin(), keys.end()));
    }
    std::vector<std::uint64_t> all(std::uint64_t from = 0, std::uint64_t end = most) const {
        std::vector<std::uint64_t> keys(plain.size() + 1);
        keys.resize(tree.copy(from, end, keys));
        return keys;
    }
    std::vector<std::uint64_t> expected(std::uint64_t from = 0, std::uint64_t end = most) const {
        return {plain.lower_bound(from), plain.lower_bound(end)};
    }
    void check() const {
        tree.check();
        REQUIRE(tree.size() == plain.size());
        REQUIRE(all() == expected());
    }

    KeyTree tree;
    std::set<std::uint64_t> plain;
};

}  // namespace

TEST_CASE("key tree: an empty one has nothing", "[herd][geo]") {
    const Trees trees(5);
    trees.check();
    CHECK(trees.all().empty());
    CHECK(trees.tree.spacing(7, 1) == most);
}

TEST_CASE("key tree: keys come out in their order, whatever order they came in", "[herd][geo]") {
    const auto step = GENERATE(std::uint64_t{1}, std::uint64_t{most}, std::uint64_t{7919});
    Trees trees(20'000);
    std::uint64_t key = 1'000'000;
    for (int i = 0; i < 20'000; ++i, key += step) {
        trees.insert(key % 1'000'003);
        if (i % 1000 == 0) trees.check();
    }
    trees.check();
    const auto left = std::vector(trees.plain.begin(), trees.plain.end());
    for (std::size_t i = 0; i < left.size(); ++i) {
        trees.erase(left[i * 7919 % left.size()]);
        if (i % 1000 == 0) trees.check();
    }
    trees.check();
    CHECK(trees.tree.size() == 0);
}

TEST_CASE("key tree: agrees with a plain set, whatever comes and goes", "[herd][geo]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        sim::Random random(seed);
        Trees trees(3000);
        const auto range = static_cast<std::uint64_t>(random.between(50, 6000));
        auto wanted = static_cast<std::size_t>(random.between(0, 3000));
        for (int i = 0; i < 6000; ++i) {
            if (random.chance(1)) wanted = static_cast<std::size_t>(random.between(0, 3000));
            const std::uint64_t key = random.below(range);
            if (random.chance(30)) {
                trees.replace(
                    {.old = key,
                     .key = random.chance(50) ? random.below(range) : key + random.below(9),
                     .page = static_cast<KeyTree::Where>(random.below(200))});
            } else if (trees.plain.size() < wanted) {
                trees.insert(key);
            } else if (const auto next = trees.plain.lower_bound(key); next != trees.plain.end()) {
                trees.erase(*next);
            }
            if (i % 500 == 0) trees.check();
        }
        trees.check();
        for (int i = 0; i < 200; ++i) {
            const std::uint64_t from = random.below(range);
            const std::uint64_t end = from + random.below(range);
            REQUIRE(trees.all(from, end) == trees.expected(from, end));
        }
    }
}

TEST_CASE("key tree: moves whose pages were fetched are as good as others, though pages change",
          "[herd][geo]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        sim::Random random(seed);
        Trees trees(3000);
        const auto range = static_cast<std::uint64_t>(random.between(3000, 20'000));
        for (int i = 0; i < 2500; ++i) trees.insert(random.below(range));
        for (int i = 0; i < 200; ++i) {
            std::array<KeyTree::Move, KeyTree::moves_max> moves{};
            for (KeyTree::Move& move : moves) {
                const auto next = trees.plain.lower_bound(random.below(range));
                move.old = next == trees.plain.end() ? 0 : *next;
                move.key = random.chance(50) ? random.below(range) : move.old + random.below(9);
            }
            trees.tree.fetch(std::span(moves).first(random.below(moves.size() + 1)));
            // Some of the pages end meanwhile, and others begin in their places.
            const bool grows = random.chance(50);
            for (int j = 0; j < 40; ++j) {
                const std::uint64_t key = random.below(range);
                if (grows && trees.plain.size() < 2900) trees.insert(key);
                const auto next = trees.plain.lower_bound(key);
                if (!grows && next != trees.plain.end()) trees.erase(*next);
            }
            for (const KeyTree::Move& move : moves) trees.replace(move);
            if (i % 20 == 0) trees.check();
        }
        trees.check();
    }
}

TEST_CASE("key tree: a page that is fetched is where the key is, or will be", "[herd][geo]") {
    sim::Random random(1);
    Trees trees(3000);
    for (std::uint32_t keys : {0U, 31U, 32U, 2900U}) {
        while (trees.plain.size() < keys) trees.insert(random.below(20'000));
        std::array<KeyTree::Move, KeyTree::moves_max> moves{};
        for (KeyTree::Move& move : moves) {
            move = {.old = random.chance(50) ? KeyTree::none : random.below(20'000),
                    .key = random.below(20'000),
                    .page = 0};
        }
        trees.tree.fetch(moves);
        for (const auto& [old, key, page] : moves)
            CHECK(page == trees.tree.find(old == KeyTree::none ? key : old));
    }
}

TEST_CASE("key tree: one that was made of all its keys at once is as good as one that grew",
          "[herd][geo]") {
    // Pages, and rows of pages, that are just full, and what is one more.
    const std::uint32_t size = GENERATE(
        0U, 1U, 13U, 14U, 31U, 32U, 48U, 49U, 500U, 744U, 745U, 13'824U, 13'825U, 100'000U);
    CAPTURE(size);
    sim::Random random(size);
    Trees grown(size + 50);
    while (grown.plain.size() < size) grown.insert(random.below(std::uint64_t{1} << 40));
    Trees made(size + 50);
    // What it has had is gone, wherever that was.
    for (std::uint64_t key = 0; key < size / 2; ++key) made.insert(key * 7919);
    made.assign(grown.plain);
    made.check();
    REQUIRE(made.all() == grown.all());
    const auto range = grown.plain.empty() ? std::uint64_t{1} << 40 : *grown.plain.rbegin() + 2;
    for (int i = 0; i < 3000; ++i) {
        const std::uint64_t key = random.below(range);
        const auto known = made.plain.lower_bound(key);
        if (known == made.plain.end() || random.chance(20)) {
            if (made.plain.size() < size + 50) made.insert(key);
        } else if (random.chance(40)) {
            made.erase(*known);
        } else {
            made.replace({.old = *known, .key = random.below(range), .page = 0});
        }
        if (i % 500 == 0) made.check();
    }
    made.check();
}

TEST_CASE("key tree: one that was made at once has room for each key that it was opened for",
          "[herd][geo]") {
    for (const std::uint32_t keys : {31U, 32U, 49U, 745U, 14'000U}) {
        Trees trees(keys);
        std::set<std::uint64_t> half;
        for (std::uint64_t key = 0; half.size() < keys / 2; ++key) half.insert(key * 64);
        trees.assign(half);
        // All behind one of them: so its page is split again and again, and the others stay.
        for (std::uint64_t key = 1; trees.plain.size() < keys; ++key) {
            trees.insert(key % 64 == 0 ? std::uint64_t{64} * keys + key : key);
        }
        trees.check();
    }
}

TEST_CASE("key tree: a copy ends where there is no more room", "[herd][geo]") {
    Trees trees(1000);
    for (std::uint64_t key = 0; key < 1000; ++key) trees.insert(key * 2);
    std::array<std::uint64_t, 70> out{};
    REQUIRE(trees.tree.copy(101, most, out) == out.size());
    for (std::size_t i = 0; i < out.size(); ++i) CHECK(out[i] == 102 + 2 * i);
    CHECK(trees.tree.copy(101, 102, out) == 0);
    CHECK(trees.tree.copy(1998, most, out) == 1);
    CHECK(trees.tree.copy(1999, most, out) == 0);
}

TEST_CASE("key tree: it holds as many as it was opened for, in whatever order they came",
          "[herd][geo]") {
    for (std::uint32_t keys : {1U, 13U, 31U, 32U, 500U, 4000U}) {
        Trees trees(keys);
        for (std::uint32_t round = 0; round < 4; ++round) {
            // Every page of the last round is left as empty as a page may be.
            for (std::uint64_t i = 0; trees.plain.size() < keys; ++i) {
                trees.insert((i * 2654435761 + round) % (std::uint64_t{64} * keys));
            }
            trees.check();
            for (std::uint64_t i = 0; trees.plain.size() > keys / 3; ++i) {
                const auto next = trees.plain.lower_bound(i * 5 % (std::uint64_t{64} * keys));
                if (next != trees.plain.end()) trees.erase(*next);
            }
            trees.check();
        }
    }
}

TEST_CASE("key tree: the spacing is how far the nearer side's key is", "[herd][geo]") {
    Trees trees(10);
    for (const std::uint64_t key : {10U, 20U, 30U, 100U}) trees.insert(key);
    CHECK(trees.tree.spacing(25, 1) == 5);
    CHECK(trees.tree.spacing(28, 1) == 2);
    CHECK(trees.tree.spacing(25, 2) == 15);
    CHECK(trees.tree.spacing(5, 2) == 15);
    CHECK(trees.tree.spacing(200, 4) == 190);
    CHECK(trees.tree.spacing(25, 4) == most);
}

}  // namespace key_tree_test
