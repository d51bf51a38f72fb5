#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace herd::offline {

// Counts different texts, by 64 bits of each, in memory fixed at start. When the table is three
// quarters full it counts no further: then the count is a lower bound.
class DistinctCount {
public:
    DistinctCount() : slots_(capacity) {}

    void add(std::string_view text) {
        std::uint64_t bits = 0xcbf29ce484222325;
        for (const char byte : text) {
            bits = (bits ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
        }
        // 0 marks a free slot.
        if (bits == 0) bits = 1;
        std::size_t at = bits % capacity;
        while (slots_[at] != 0 && slots_[at] != bits) at = (at + 1) % capacity;
        if (slots_[at] == bits || count_ == capacity / 4 * 3) return;
        assert(count_ < capacity / 4 * 3);
        slots_[at] = bits;
        ++count_;
    }

    std::uint64_t count() const { return count_; }

private:
    static constexpr std::size_t capacity = std::size_t{1} << 16;
    static_assert(capacity % 4 == 0);

    std::vector<std::uint64_t> slots_;
    std::uint64_t count_ = 0;
};

}  // namespace herd::offline
