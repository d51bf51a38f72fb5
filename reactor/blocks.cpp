#include "reactor/blocks.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace reactor {

Result<void> BlockPool::map(std::uint32_t blocks, std::uint32_t reserved) {
    assert(capacity_ == 0);
    assert(reserved < blocks);
    auto data = PageArray<char>::map(std::size_t{blocks} * block_size);
    if (!data) return std::unexpected(data.error());
    auto next = PageArray<std::uint32_t>::map(blocks);
    if (!next) return std::unexpected(next.error());
    auto extents = PageArray<Extent>::map(blocks);
    if (!extents) return std::unexpected(extents.error());
    data_ = std::move(*data);
    next_ = std::move(*next);
    extents_ = std::move(*extents);
    capacity_ = blocks;
    reserved_ = reserved;
    return {};
}

std::uint32_t BlockPool::available(bool privileged) const {
    const std::uint32_t left = capacity_ - in_use_;
    if (privileged) return left;
    return left > reserved_ ? left - reserved_ : 0;
}

std::uint32_t BlockPool::borrow() {
    assert(in_use_ < capacity_);
    std::uint32_t block = free_;
    if (block != no_block) {
        assert(block < fresh_);
        free_ = next_[block];
    } else {
        assert(fresh_ == in_use_);
        block = fresh_++;
    }
    next_[block] = no_block;
    extents_[block].size = 0;
    ++in_use_;
    highest_use_ = std::max(highest_use_, in_use_);
    recent_use_ = std::max(recent_use_, in_use_);
    return block;
}

void BlockPool::give_back(std::uint32_t block) {
    assert(in_use_ > 0);
    assert(block < fresh_);
    assert(extents_[block].size != given_back);
    extents_[block].size = given_back;
    next_[block] = free_;
    free_ = block;
    --in_use_;
}

// The list of free blocks is made anew, the first ones first: so what is lent next is not what
// keeps the last ones from being given back.
void BlockPool::trim() {
    const std::uint32_t needed = std::max(recent_use_, trim_floor);
    recent_use_ = in_use_;
    std::uint32_t kept = fresh_;
    while (kept > needed && fresh_ - kept < trim_step && extents_[kept - 1].size == given_back) {
        --kept;
    }
    if (kept == fresh_) return;
    sys::give_pages_back(bytes(kept), std::size_t{fresh_ - kept} * block_size);
    fresh_ = kept;
    free_ = no_block;
    for (std::uint32_t block = fresh_; block > 0; --block) {
        if (extents_[block - 1].size != given_back) continue;
        next_[block - 1] = free_;
        free_ = block - 1;
    }
}

void BlockPool::check() const {
    assert(fresh_ <= capacity_);
    assert(in_use_ <= fresh_);
    assert(highest_use_ >= fresh_);
    assert(recent_use_ >= in_use_);
    std::uint32_t count = 0;
    for (std::uint32_t block = free_; block != no_block; block = next_[block]) {
        assert(block < fresh_);
        assert(extents_[block].size == given_back);
        ++count;
        assert(count <= fresh_ - in_use_);  // Else it goes round in a circle.
    }
    assert(count == fresh_ - in_use_);
}

BlockChain::~BlockChain() {
    assert(empty());
}

std::size_t BlockChain::tail_space(const BlockPool& pool) const {
    return empty() ? 0 : block_size - pool.extent(head_).tail_used;
}

bool BlockChain::append(BlockPool& pool, std::string_view bytes, bool privileged) {
    const std::size_t space = tail_space(pool);
    if (bytes.size() > space) {
        const std::size_t blocks = (bytes.size() - space + block_size - 1) / block_size;
        if (blocks > pool.available(privileged)) return false;
    }
    const std::size_t expected = size(pool) + bytes.size();
    while (!bytes.empty()) {
        if (tail_space(pool) == 0) extend(pool);
        BlockPool::Extent& extent = pool.extent(head_);
        const std::size_t count = std::min(bytes.size(), block_size - extent.tail_used);
        std::memcpy(pool.bytes(extent.tail) + extent.tail_used, bytes.data(), count);
        bytes.remove_prefix(count);
        extent.size += static_cast<std::uint32_t>(count);
        extent.tail_used += static_cast<std::uint16_t>(count);
    }
    assert(size(pool) == expected);
    return true;
}

void BlockChain::extend(BlockPool& pool) {
    const std::uint32_t block = pool.borrow();
    if (empty()) {
        head_ = block;
        pool.extent(head_) = {.size = 0, .tail = block, .head_used = 0, .tail_used = 0};
        return;
    }
    BlockPool::Extent& extent = pool.extent(head_);
    assert(extent.tail_used == block_size);
    assert(pool.next(extent.tail) == BlockPool::no_block);
    pool.next(extent.tail) = block;
    extent.tail = block;
    extent.tail_used = 0;
}

std::string_view BlockChain::front(BlockPool& pool) const {
    if (empty()) return {};
    const BlockPool::Extent& extent = pool.extent(head_);
    assert(extent.size > 0);
    const std::size_t contiguous =
        std::min<std::size_t>(extent.size, block_size - extent.head_used);
    return {pool.bytes(head_) + extent.head_used, contiguous};
}

void BlockChain::consume(BlockPool& pool, std::size_t count) {
    assert(count <= size(pool));
    while (count > 0) {
        const std::size_t step = std::min(count, front(pool).size());
        count -= step;
        BlockPool::Extent& extent = pool.extent(head_);
        extent.size -= static_cast<std::uint32_t>(step);
        extent.head_used += static_cast<std::uint16_t>(step);
        if (extent.head_used == block_size || extent.size == 0) drop_head(pool);
    }
}

void BlockChain::drop_head(BlockPool& pool) {
    const std::uint32_t spent = head_;
    const BlockPool::Extent extent = pool.extent(spent);
    head_ = pool.next(spent);  // None behind the tail.
    assert(empty() == (extent.size == 0));
    if (!empty()) pool.extent(head_) = {extent.size, extent.tail, 0, extent.tail_used};
    pool.give_back(spent);
}

void BlockChain::copy_to(BlockPool& pool, char* target) const {
    if (empty()) return;
    std::size_t left = size(pool);
    std::size_t start = pool.extent(head_).head_used;
    for (std::uint32_t block = head_; left > 0; block = pool.next(block)) {
        const std::size_t count = std::min(left, block_size - start);
        std::memcpy(target, pool.bytes(block) + start, count);
        target += count;
        left -= count;
        start = 0;
    }
}

void BlockChain::clear(BlockPool& pool) {
    consume(pool, size(pool));
    assert(empty());
}

void BlockChain::check(const BlockPool& pool) const {
    if (empty()) return;
    const BlockPool::Extent& extent = pool.extent(head_);
    assert(extent.size > 0);
    assert(extent.head_used < block_size);
    assert(extent.tail_used > 0);
    assert(extent.tail_used <= block_size);
    std::size_t blocks = 1;
    for (std::uint32_t block = head_; block != extent.tail; block = pool.next(block)) {
        assert(block < pool.capacity());
        ++blocks;
        assert(blocks <= pool.in_use());  // Else it goes round in a circle.
    }
    assert(pool.next(extent.tail) == BlockPool::no_block);
    assert(extent.head_used + extent.size + (block_size - extent.tail_used) == blocks * block_size);
}

}  // namespace reactor
