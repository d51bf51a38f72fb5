#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <bit>
#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>

namespace herd::bridge {

// Some slots of the table: a bit for each, mapped once, and a bit for each 64 of these, so that the
// few that there are in a big table are found at once. What waits here takes the same, however much
// it is.
// Invariant: a bit of the second kind is 1 exactly where one of its 64 is; size() counts them.
class SlotSet {
public:
    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> map(std::uint32_t slots) {
        auto words = Words::map(words_of(slots));
        if (!words) return std::unexpected(words.error());
        auto sums = Words::map(words_of(words_of(slots)));
        if (!sums) return std::unexpected(sums.error());
        words_ = std::move(*words);
        sums_ = std::move(*sums);
        return {};
    }
    // Bytes that map() maps.
    static constexpr std::uint64_t memory(std::uint32_t slots) {
        return (words_of(slots) + words_of(words_of(slots))) * sizeof(std::uint64_t);
    }

    bool empty() const { return size_ == 0; }
    std::uint32_t size() const { return size_; }
    bool has(std::uint32_t slot) const { return (words_[slot / 64] & bit(slot)) != 0; }

    void add(std::uint32_t slot) {
        if (has(slot)) return;
        words_[slot / 64] |= bit(slot);
        sums_[slot / 64 / 64] |= bit(slot / 64);
        ++size_;
    }
    void remove(std::uint32_t slot) {
        if (!has(slot)) return;
        std::uint64_t& word = words_[slot / 64];
        word &= ~bit(slot);
        if (word == 0) sums_[slot / 64 / 64] &= ~bit(slot / 64);
        assert(size_ > 0);
        --size_;
    }
    // One of them, which is none of them any more; nothing: there is none. All have their turn.
    std::optional<std::uint32_t> take() {
        if (empty()) return std::nullopt;
        auto found = next(turn_);
        if (!found) found = next(0);
        assert(found);
        turn_ = *found + 1;
        remove(*found);
        return found;
    }
    void clear() {
        while (take()) continue;
    }

    // Asserts the invariant. O(n), for tests.
    void check() const {
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            count += static_cast<std::uint32_t>(std::popcount(words_[i]));
            assert((words_[i] != 0) == ((sums_[i / 64] >> i % 64 & 1U) != 0));
        }
        assert(count == size_);
    }

private:
    using Words = reactor::PageArray<std::uint64_t>;

    static constexpr std::uint32_t words_of(std::uint32_t bits) { return bits / 64 + 1; }
    static constexpr std::uint64_t bit(std::uint32_t index) {
        return std::uint64_t{1} << index % 64;
    }
    // The first of these bits from `from` on.
    static std::optional<std::uint32_t> first(const Words& words,
                                              std::uint32_t word,
                                              std::uint64_t mask) {
        for (; word < words.size(); ++word, mask = UINT64_MAX) {
            if ((words[word] & mask) == 0) continue;
            return word * 64 + static_cast<std::uint32_t>(std::countr_zero(words[word] & mask));
        }
        return std::nullopt;
    }
    static constexpr std::uint64_t from(std::uint32_t index) { return UINT64_MAX << index % 64; }

    std::optional<std::uint32_t> next(std::uint32_t slot) const {
        if (slot / 64 >= words_.size()) return std::nullopt;
        if (const std::uint64_t here = words_[slot / 64] & from(slot); here != 0) {
            return slot / 64 * 64 + static_cast<std::uint32_t>(std::countr_zero(here));
        }
        const std::uint32_t beyond = slot / 64 + 1;
        const auto word = first(sums_, beyond / 64, from(beyond));
        if (!word) return std::nullopt;
        return first(words_, *word, UINT64_MAX);
    }

    Words words_;
    Words sums_;
    std::uint32_t size_ = 0;
    std::uint32_t turn_ = 0;  // Where to look for the next one.
};

}  // namespace herd::bridge
