#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <span>
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
    // Whether it was there.
    bool remove(std::uint32_t viewer, std::uint32_t slot) {
        std::uint64_t& word = words_[place(viewer, slot)];
        const std::uint64_t before = std::exchange(word, word & ~bit(slot));
        return before != word;
    }
    // Of a viewer's below `end`, which grows only, all or none; it never had any from there on.
    void fill(std::uint32_t viewer, std::uint32_t end, bool all) {
        const std::span<std::uint64_t> row(&words_[viewer * row_], words_of(end));
        std::ranges::fill(row, all ? ~std::uint64_t{0} : 0);
        if (all && end % 64 != 0) row.back() = bit(end) - 1;
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
