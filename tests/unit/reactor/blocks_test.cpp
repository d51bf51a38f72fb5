#include "reactor/blocks.hpp"

#include "tests/unit/reactor/dies.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace reactor::blocks_test {

namespace {

constexpr std::size_t block = BlockPool::block_size;

struct Pool : BlockPool {
    explicit Pool(std::uint32_t blocks, std::uint32_t reserved = 0) {
        REQUIRE(map(blocks, reserved).has_value());
    }
};

// A chain that gives its blocks back when the test ends.
struct Chain : BlockChain {
    explicit Chain(BlockPool& blocks) : pool(blocks) {}
    ~Chain() { clear(pool); }
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;
    bool add(std::string_view bytes, bool privileged = false) {
        return append(pool, bytes, privileged);
    }
    std::size_t size() const { return BlockChain::size(pool); }
    std::string text() const {
        std::string out(size(), '\0');
        copy_to(pool, out.data());
        return out;
    }
    BlockPool& pool;
};

std::string pattern(std::size_t size, std::size_t start = 0) {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>((start + i) * 31 % 251);
    return out;
}

TEST_CASE("blocks: what is not needed any more is given back, the last ones first, step by step",
          "[reactor][blocks]") {
    constexpr std::uint32_t many = BlockPool::trim_floor + 2 * BlockPool::trim_step + 10;
    Pool pool(many);
    std::vector<std::uint32_t> lent;
    for (std::uint32_t i = 0; i < many; ++i) {
        lent.push_back(pool.borrow());
        std::memset(pool.bytes(lent.back()), 'x', block);
    }
    const auto has_memory = [&](std::uint32_t index) { return pool.bytes(index)[0] == 'x'; };
    pool.trim();
    REQUIRE(has_memory(many - 1));
    // One stays lent, in the midst of the rest.
    constexpr std::uint32_t pinned = BlockPool::trim_floor + 7;
    for (const std::uint32_t index : lent) {
        if (index != pinned) pool.give_back(index);
    }
    pool.trim();  // They were needed since the last one.
    REQUIRE(has_memory(many - 1));
    pool.trim();
    pool.check();
    REQUIRE_FALSE(has_memory(many - 1));
    REQUIRE_FALSE(has_memory(many - BlockPool::trim_step));
    REQUIRE(has_memory(many - BlockPool::trim_step - 1));
    pool.trim();
    pool.trim();
    pool.check();
    REQUIRE_FALSE(has_memory(pinned + 1));
    REQUIRE(has_memory(pinned));
    REQUIRE(pool.borrow() == 0);
    pool.give_back(0);
    pool.give_back(pinned);
    pool.trim();
    pool.check();
    REQUIRE_FALSE(has_memory(BlockPool::trim_floor));
    REQUIRE(has_memory(BlockPool::trim_floor - 1));
    REQUIRE(pool.available(false) == many);
    // All are there as before.
    std::set<std::uint32_t> again;
    for (std::uint32_t i = 0; i < many; ++i) again.insert(pool.borrow());
    REQUIRE(again.size() == many);
    for (const std::uint32_t index : again) pool.give_back(index);
    pool.check();
}

TEST_CASE("blocks: the last ones are kept for the privileged", "[reactor][blocks]") {
    Pool pool(5, 2);
    REQUIRE(pool.available(false) == 3);
    REQUIRE(pool.available(true) == 5);
    std::set<std::uint32_t> blocks;
    for (int i = 0; i < 4; ++i) blocks.insert(pool.borrow());
    REQUIRE(blocks.size() == 4);
    REQUIRE(pool.available(false) == 0);
    REQUIRE(pool.available(true) == 1);
    blocks.insert(pool.borrow());
    REQUIRE(pool.available(true) == 0);
    for (const auto index : blocks) pool.give_back(index);
    REQUIRE(pool.available(false) == 3);
    REQUIRE(pool.in_use() == 0);
    REQUIRE(pool.highest_use() == 5);
    REQUIRE(pool.capacity() == 5);
}

TEST_CASE("blocks: a chain that cannot take all takes nothing", "[reactor][blocks]") {
    Pool pool(2);
    Chain chain(pool);
    REQUIRE(chain.add(pattern(block + 1)));
    REQUIRE_FALSE(chain.add(pattern(block)));
    REQUIRE(chain.size() == block + 1);
    REQUIRE(chain.text() == pattern(block + 1));
    REQUIRE(chain.add(pattern(block - 1, block + 1)));
    REQUIRE(chain.text() == pattern(2 * block));
    REQUIRE_FALSE(chain.add("x"));
    REQUIRE(pool.in_use() == 2);
}

TEST_CASE("blocks: clients cannot crowd out neighbours", "[reactor][blocks]") {
    Pool pool(3, 1);
    Chain client(pool);
    Chain neighbour(pool);
    REQUIRE_FALSE(client.add(pattern(2 * block + 1)));
    REQUIRE(client.add(pattern(2 * block)));
    REQUIRE_FALSE(client.add("x"));
    REQUIRE(neighbour.add(pattern(block), true));
    REQUIRE_FALSE(neighbour.add("x", true));
}

TEST_CASE("blocks: an empty chain holds no block", "[reactor][blocks]") {
    Pool pool(4);
    Chain chain(pool);
    REQUIRE(chain.front(pool).empty());
    REQUIRE(chain.add(""));
    REQUIRE(chain.empty());
    REQUIRE(pool.in_use() == 0);
    for (const std::size_t size : {std::size_t{1}, block - 1, block, block + 1, 3 * block}) {
        REQUIRE(chain.add(pattern(size)));
        chain.consume(pool, size);
        REQUIRE(chain.empty());
        REQUIRE(pool.in_use() == 0);
    }
    chain.clear(pool);
    REQUIRE(pool.in_use() == 0);
}

TEST_CASE("blocks: blocks go back as soon as they are consumed", "[reactor][blocks]") {
    Pool pool(8);
    Chain chain(pool);
    REQUIRE(chain.add(pattern(4 * block)));
    chain.consume(pool, block - 1);
    REQUIRE(pool.in_use() == 4);
    chain.consume(pool, 1);
    REQUIRE(pool.in_use() == 3);
    chain.consume(pool, 2 * block);
    REQUIRE(pool.in_use() == 1);
    REQUIRE(chain.text() == pattern(block, 3 * block));
}

TEST_CASE("blocks: a block given back twice is found out", "[reactor][blocks]") {
    Pool pool(3);
    const std::uint32_t once = pool.borrow();
    const std::uint32_t twice = pool.borrow();
    pool.give_back(twice);
    pool.check();
    REQUIRE(test::dies([&] {
        pool.give_back(twice);
        pool.check();
    }));
    pool.give_back(once);
    pool.check();
}

TEST_CASE("blocks: a chain that is not what it says is found out", "[reactor][blocks]") {
    Pool pool(4);
    Chain chain(pool);
    REQUIRE(chain.add(pattern(2 * block + 100)));
    chain.check(pool);
    BlockPool::Extent& extent = pool.extent(0);
    const BlockPool::Extent whole = extent;
    const auto found = [&] {
        const bool dies = test::dies([&] { chain.check(pool); });
        extent = whole;
        return dies;
    };
    --extent.size;
    REQUIRE(found());
    extent.head_used = block;
    REQUIRE(found());
    extent.tail_used = 0;
    REQUIRE(found());
    extent.tail = 1;
    REQUIRE(found());
    extent.tail = 3;  // Which is nobody's.
    REQUIRE(found());
    chain.check(pool);
    pool.next(1) = 0;  // In a circle.
    REQUIRE(found());
    pool.next(1) = 2;
    chain.check(pool);
}

TEST_CASE("blocks: chains are byte queues under random operations", "[reactor][blocks]") {
    std::mt19937 random(4);
    Pool pool(24, 4);
    std::array<Chain, 3> chains{Chain(pool), Chain(pool), Chain(pool)};
    std::array<std::string, 3> models;
    std::size_t refused = 0;
    for (int step = 0; step < 20000; ++step) {
        const std::size_t which = random() % 3;
        Chain& chain = chains[which];
        std::string& model = models[which];
        if (random() % 2 == 0) {
            const std::size_t size = random() % (random() % 4 == 0 ? 5 * block : 700);
            const std::string bytes = pattern(size, static_cast<std::size_t>(step));
            if (chain.add(bytes, which == 0)) {
                model += bytes;
            } else {
                ++refused;
                REQUIRE(pool.available(which == 0) * block < size);
            }
        } else if (random() % 64 == 0) {
            chain.clear(pool);
            model.clear();
        } else {
            REQUIRE(model.starts_with(chain.front(pool)));
            const std::size_t count = model.empty() ? 0 : random() % (model.size() + 1);
            chain.consume(pool, count);
            model.erase(0, count);
        }
        REQUIRE(chain.size() == model.size());
        REQUIRE(chain.empty() == chain.front(pool).empty());
        if (step % 16 == 0) REQUIRE(chain.text() == model);
        pool.check();
        chain.check(pool);
    }
    REQUIRE(refused > 0);
    for (auto& chain : chains) chain.clear(pool);
    REQUIRE(pool.in_use() == 0);
}

}  // namespace

}  // namespace reactor::blocks_test
