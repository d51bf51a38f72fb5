#pragma once

#include "reactor/time.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace herd::journal {

// Knows since when the oldest of the answers that are held back has waited. Answers are told apart
// by their marks, the numbers of the changes that they wait for, which never go back; those of an
// eighth of the limit count as one, so the oldest may be taken for older than it is by that much.
// The limit may change meanwhile.
class Held {
public:
    void add(std::uint64_t mark, reactor::Instant now, reactor::Duration limit) {
        assert(limit > reactor::Duration::zero());
        assert(empty() || mark >= newest().mark);
        assert(empty() || now >= newest().since);
        const bool opens = empty() || now - newest().since >= limit / 8;
        if (opens && count_ < stretches_max) {
            ++count_;
            newest().since = now;
        }
        newest().mark = mark;
    }
    // Those up to this mark wait no longer.
    void release(std::uint64_t mark) {
        for (; !empty() && stretches_[first_].mark <= mark; --count_) {
            first_ = (first_ + 1) % stretches_max;
        }
    }

    // From now on they count as held back since then.
    void begin_anew(reactor::Instant now) {
        for (Stretch& each : stretches_) each.since = now;
    }

    bool empty() const { return count_ == 0; }
    // Not when it is empty.
    reactor::Instant since() const {
        assert(!empty());
        return stretches_[first_].since;
    }

    // Asserts what must hold between calls. For tests.
    void check() const {
        assert(first_ < stretches_max);
        assert(count_ <= stretches_max);
        for (std::size_t i = 1; i < count_; ++i) {
            const Stretch& before = stretches_[(first_ + i - 1) % stretches_max];
            const Stretch& after = stretches_[(first_ + i) % stretches_max];
            assert(before.mark <= after.mark);
            assert(before.since <= after.since);
        }
    }

private:
    struct Stretch {
        reactor::Instant since{};
        std::uint64_t mark = 0;  // the latest
    };
    static constexpr std::size_t stretches_max = 16;

    Stretch& newest() { return stretches_[(first_ + count_ - 1) % stretches_max]; }

    std::array<Stretch, stretches_max> stretches_{};
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace herd::journal
