#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>

namespace herd::bridge {

// What the bucket has shown of each slot's client: the digest of its line, and how our own
// publication of it fares. Only what came back counts: set by deliveries, and by nothing that a
// broker acknowledges. A word of 64 bits for each slot, mapped once.
//
// A whole reading of the bucket begins with everything in doubt. While it lasts, what is in doubt
// counts as shown, as it most likely is; when it is over, what was not shown again is not there.
// A slot may have got another client meanwhile, whose lines have other digests.
// Invariant: the digest is that of our line while one is on its way, as the table has no use for an
// older one any more, and else of what was shown.
class Shown {
public:
    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> map(std::uint32_t slots) {
        auto words = reactor::PageArray<std::uint64_t>::map(slots);
        if (!words) return std::unexpected(words.error());
        words_ = std::move(*words);
        return {};
    }
    // Bytes that map() maps.
    static constexpr std::uint64_t memory(std::uint32_t slots) {
        return std::uint64_t{slots} * sizeof(std::uint64_t);
    }

    // A whole reading begins, of which so many slots may be concerned.
    void begin_reading(std::uint32_t slots) {
        reading_ = true;
        keys_ = 0;
        for (std::uint32_t slot = 0; slot < slots; ++slot) {
            words_[slot] = (words_[slot] & digest_mask) | doubt;
        }
    }
    void end_reading() { reading_ = false; }
    bool reading() const { return reading_; }

    // The bucket has this very line.
    bool has(std::uint32_t slot, std::uint64_t digest) const {
        const std::uint64_t word = words_[slot];
        if (!is_of(word, digest) || (word & said) != 0) return false;
        return (word & known) != 0 || (reading_ && (word & doubt) != 0);
    }
    // So many are known to have something. Of a slot that has been forgotten it still counts.
    std::uint64_t keys() const { return keys_; }
    bool counts(std::uint32_t slot) const { return (words_[slot] & known) != 0; }

    // It has shown this line, which is the table's.
    void show(std::uint32_t slot, std::uint64_t digest) {
        if (!counts(slot)) ++keys_;
        words_[slot] = (digest & digest_mask) | known;
    }
    // It has shown something else.
    void contradict(std::uint32_t slot) {
        forget(slot);
        words_[slot] &= ~silent;
    }
    // It has nothing any more, as far as we know.
    void forget(std::uint32_t slot) {
        if (counts(slot)) --keys_;
        words_[slot] &= ~(known | doubt);
        if (!on_its_way(slot)) words_[slot] &= ~digest_mask;
    }

    // This line of ours is on its way.
    void say(std::uint32_t slot, std::uint64_t digest) {
        words_[slot] &= ~(digest_mask | doubt);
        words_[slot] |= (digest & digest_mask) | said | silent;
    }
    bool on_its_way(std::uint32_t slot) const { return (words_[slot] & said) != 0; }
    bool on_its_way(std::uint32_t slot, std::uint64_t digest) const {
        return on_its_way(slot) && is_of(words_[slot], digest);
    }
    void arrive(std::uint32_t slot) {
        if (on_its_way(slot)) words_[slot] &= ~(digest_mask | said);
    }
    // The bucket has shown nothing of that client since it was said.
    bool is_silent(std::uint32_t slot) const { return (words_[slot] & silent) != 0; }
    // How often that was so, with this time, since the bucket has last shown our line.
    unsigned fail(std::uint32_t slot) {
        const auto before = static_cast<unsigned>((words_[slot] & failures) / failure);
        const unsigned now = std::min(before + 1, failures_max);
        words_[slot] = (words_[slot] & ~failures) | now * failure;
        return now;
    }
    static constexpr unsigned failures_max = 3;

private:
    static constexpr std::uint64_t doubt = 1;
    static constexpr std::uint64_t said = 2;
    static constexpr std::uint64_t silent = 4;
    static constexpr std::uint64_t failure = 8;
    static constexpr std::uint64_t failures = failures_max * failure;
    static constexpr std::uint64_t known = 32;
    static constexpr std::uint64_t digest_mask = ~std::uint64_t{63};

    static constexpr bool is_of(std::uint64_t word, std::uint64_t digest) {
        return (word & digest_mask) == (digest & digest_mask);
    }

    reactor::PageArray<std::uint64_t> words_;
    std::uint64_t keys_ = 0;
    bool reading_ = false;
};

}  // namespace herd::bridge
