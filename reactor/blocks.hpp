#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reactor {

// The page-sized blocks that streams borrow for bytes that cannot wait in a shared buffer: an
// unfinished line, input behind a pending answer, output that the kernel did not take.
// The last `reserved` blocks go only to privileged borrowers (neighbours), so that clients
// cannot crowd them out.
// Invariant: of the blocks before fresh_ each is lent or in the list of free ones, and the extent
// of those has the size `given_back`; all behind have no memory. A block is taken from there only
// when no other is free.
class BlockPool {
public:
    static constexpr std::size_t block_size = 4096;
    static constexpr std::uint32_t no_block = UINT32_MAX;

    // A chain of blocks, as its head block knows it.
    struct Extent {
        std::uint32_t size;       // In bytes.
        std::uint32_t tail;       // The last block.
        std::uint16_t head_used;  // Consumed bytes at the head block's front.
        std::uint16_t tail_used;
    };

    Result<void> map(std::uint32_t blocks, std::uint32_t reserved);

    // How many such a borrower may still take.
    std::uint32_t available(bool privileged) const;
    // Ask available() first.
    std::uint32_t borrow();
    void give_back(std::uint32_t block);

    // Gives memory back to the machine that has not been needed since the last call, so it is meant
    // to be called about once a second: of the last blocks, at most trim_step at a time, and not of
    // the first trim_floor. What is lent stays, and what lies before it.
    static constexpr std::uint32_t trim_step = 2048;
    static constexpr std::uint32_t trim_floor = 256;
    void trim();

    char* bytes(std::uint32_t block) { return &data_[std::size_t{block} * block_size]; }
    std::uint32_t& next(std::uint32_t block) { return next_[block]; }
    std::uint32_t next(std::uint32_t block) const { return next_[block]; }
    Extent& extent(std::uint32_t head) { return extents_[head]; }
    const Extent& extent(std::uint32_t head) const { return extents_[head]; }

    std::uint32_t in_use() const { return in_use_; }
    std::uint32_t capacity() const { return capacity_; }
    std::uint32_t highest_use() const { return highest_use_; }

    // Ends the process when the invariant does not hold.
    void check() const;

private:
    static constexpr std::uint32_t given_back = UINT32_MAX;

    PageArray<char> data_;
    PageArray<std::uint32_t> next_;
    PageArray<Extent> extents_;
    std::uint32_t capacity_ = 0;
    std::uint32_t reserved_ = 0;
    std::uint32_t fresh_ = 0;  // Blocks from here on have no memory.
    std::uint32_t free_ = no_block;
    std::uint32_t in_use_ = 0;
    std::uint32_t highest_use_ = 0;
    std::uint32_t recent_use_ = 0;  // The highest since the last trim().
};

// A byte queue in borrowed blocks; empty, it holds none and costs 4 bytes, as what there is to know
// of the others stands in the pool. Its owner must clear() it before it dies.
// Invariant: empty exactly when head_ == none; the bytes stand from head_used of the head block,
// through all of those between, to tail_used of the tail block.
class BlockChain {
public:
    BlockChain() = default;
    BlockChain(const BlockChain&) = delete;
    BlockChain& operator=(const BlockChain&) = delete;
    ~BlockChain();

    // All or nothing; false when the pool has too few blocks.
    [[nodiscard]] bool append(BlockPool& pool, std::string_view bytes, bool privileged);
    // What stands contiguously at the front; empty only when the chain is.
    std::string_view front(BlockPool& pool) const;
    void consume(BlockPool& pool, std::size_t count);
    // Copies everything to `target` (room for size() bytes).
    void copy_to(BlockPool& pool, char* target) const;
    void clear(BlockPool& pool);

    // Ends the process when the invariant does not hold.
    void check(const BlockPool& pool) const;

    std::size_t size(const BlockPool& pool) const { return empty() ? 0 : pool.extent(head_).size; }
    bool empty() const { return head_ == BlockPool::no_block; }

private:
    static constexpr std::size_t block_size = BlockPool::block_size;

    std::size_t tail_space(const BlockPool& pool) const;
    void extend(BlockPool& pool);
    void drop_head(BlockPool& pool);

    std::uint32_t head_ = BlockPool::no_block;
};
static_assert(sizeof(BlockChain) == 4);

}  // namespace reactor
