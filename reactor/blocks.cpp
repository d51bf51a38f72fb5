#include "reactor/blocks.hpp"

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
    data_ = std::move(*data);
    next_ = std::move(*next);
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
    if (block != none) {
        free_ = next_[block];
    } else {
        block = fresh_++;
    }
    next_[block] = none;
    highest_use_ = std::max(highest_use_, ++in_use_);
    return block;
}

void BlockPool::give_back(std::uint32_t block) {
    assert(in_use_ > 0);
    next_[block] = free_;
    free_ = block;
    --in_use_;
}

BlockChain::~BlockChain() {
    assert(empty());
}

bool BlockChain::append(BlockPool& pool, std::string_view bytes, bool privileged) {
    const std::size_t room = tail_room();
    if (bytes.size() > room) {
        const std::size_t blocks = (bytes.size() - room + block_size - 1) / block_size;
        if (blocks > pool.available(privileged)) return false;
    }
    while (!bytes.empty()) {
        if (tail_room() == 0) extend(pool);
        const std::size_t count = std::min(bytes.size(), tail_room());
        char* end = pool.bytes(tail_) + (block_size - tail_room());
        std::memcpy(end, bytes.data(), count);
        bytes.remove_prefix(count);
        size_ += static_cast<std::uint32_t>(count);
        tail_used_ += static_cast<std::uint16_t>(count);
    }
    return true;
}

void BlockChain::extend(BlockPool& pool) {
    const std::uint32_t block = pool.borrow();
    if (head_ == BlockPool::none) {
        head_ = block;
    } else {
        pool.next(tail_) = block;
    }
    tail_ = block;
    tail_used_ = 0;
}

std::string_view BlockChain::front(BlockPool& pool) const {
    if (empty()) return {};
    const std::size_t contiguous = std::min<std::size_t>(size_, block_size - head_used_);
    return {pool.bytes(head_) + head_used_, contiguous};
}

void BlockChain::consume(BlockPool& pool, std::size_t count) {
    assert(count <= size_);
    while (count > 0) {
        const std::size_t step = std::min(count, front(pool).size());
        count -= step;
        size_ -= static_cast<std::uint32_t>(step);
        head_used_ += static_cast<std::uint16_t>(step);
        if (head_used_ < block_size && !empty()) continue;
        const std::uint32_t spent = head_;
        head_ = pool.next(spent);
        head_used_ = 0;
        pool.give_back(spent);
    }
    if (empty()) tail_ = head_ = BlockPool::none;
}

void BlockChain::copy_to(BlockPool& pool, char* target) const {
    std::size_t left = size_;
    std::size_t start = head_used_;
    for (std::uint32_t block = head_; left > 0; block = pool.next(block)) {
        const std::size_t count = std::min(left, block_size - start);
        std::memcpy(target, pool.bytes(block) + start, count);
        target += count;
        left -= count;
        start = 0;
    }
}

void BlockChain::clear(BlockPool& pool) {
    consume(pool, size_);
}

}  // namespace reactor
