#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>

namespace herd::links {

// What is said to one neighbour in one turn: text behind text in a borrowed buffer. A writer names
// the bytes that those behind it need, and gets none of them.
// Invariant: size() never exceeds the buffer.
class Batch {
public:
    explicit Batch(std::span<char> out) : out_(out) {}

    // Where to write next: what is free but for `kept` bytes; empty when no more than these are.
    std::span<char> space(std::size_t kept) const {
        assert(size_ <= out_.size());
        const std::size_t free = out_.size() - size_;
        return out_.subspan(size_, free - std::min(kept, free));
    }
    // So many bytes of that have been written.
    void add(std::size_t size) {
        assert(size <= out_.size() - size_);
        size_ += size;
    }

    std::size_t size() const { return size_; }
    std::string_view text() const { return {out_.data(), size_}; }

private:
    std::span<char> out_;
    std::size_t size_ = 0;
};

}  // namespace herd::links
