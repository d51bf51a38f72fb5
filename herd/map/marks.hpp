#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <bit>
#include <cassert>
#include <cstdint>
#include <utility>

namespace herd::map {

// For each viewer a set of slots of the table: a bit for each, mapped once. So what waits for a
// viewer takes the same, however much it is.
class Marks {
public:
    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> map(std::uint32_t viewers, std::uint32_t slots) {
        auto words = reactor::PageArray<std::uint64_t>::map(viewers * words_of(slots));
        if (!words) return std::unexpected(words.error());
        words_ = std::move(*words);
        row_ = words_of(slots);
        return {};
    }
    // Bytes that map() maps.
    static std::uint64_t memory_max(std::uint32_t viewers, std::uint32_t slots) {
        return viewers * words_of(slots) * sizeof(std::uint64_t);
    }

    bool has(std::uint32_t viewer, std::uint32_t slot) const {
        return (words_[place(viewer, slot)] & bit(slot)) != 0;
    }
    // Whether it was not there yet.
    bool add(std::uint32_t viewer, std::uint32_t slot) {
        std::uint64_t& word = words_[place(viewer, slot)];
        const std::uint64_t before = std::exchange(word, word | bit(slot));
        return before != word;
    }
    void remove(std::uint32_t viewer, std::uint32_t slot) {
        words_[place(viewer, slot)] &= ~bit(slot);
    }
    // All of a viewer's below `end`, so that it is as if it had never had any.
    void clear(std::uint32_t viewer, std::uint32_t end) {
        for (std::uint64_t i = 0; i < words_of(end); ++i) words_[viewer * row_ + i] = 0;
    }
    // The first from `from` on that is below `end`; `end`: there is none.
    std::uint32_t next(std::uint32_t viewer, std::uint32_t from, std::uint32_t end) const {
        while (from < end) {
            const std::uint64_t word = words_[place(viewer, from)] >> (from % 64);
            if (word != 0) {
                const auto found = from + static_cast<std::uint32_t>(std::countr_zero(word));
                return found < end ? found : end;
            }
            from = (from | 63) + 1;
        }
        return end;
    }

private:
    static constexpr std::uint64_t words_of(std::uint32_t slots) {
        return (std::uint64_t{slots} + 63) / 64;
    }
    static constexpr std::uint64_t bit(std::uint32_t slot) { return std::uint64_t{1} << slot % 64; }
    std::uint64_t place(std::uint32_t viewer, std::uint32_t slot) const {
        assert(slot / 64 < row_);
        return viewer * row_ + slot / 64;
    }

    reactor::PageArray<std::uint64_t> words_;
    std::uint64_t row_ = 0;  // of one viewer
};

}  // namespace herd::map
