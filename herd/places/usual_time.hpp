#pragma once

#include "reactor/time.hpp"

#include <algorithm>
#include <cassert>

namespace herd::places {

// How long a request is expected to take: the longest that recent ones have taken, which fades
// while others are shorter. A value; zero until the first one has ended.
class UsualTime {
public:
    UsualTime() = default;
    // Never expects more than `most`: less than a request may take, or a service that was slow once
    // would never be asked again.
    explicit UsualTime(reactor::Duration most) : most_(most) {
        assert(most > reactor::Duration::zero());
    }

    // A request was answered after this time.
    void note_answer(reactor::Duration time) { longest_ = std::max(time, longest_ - fading(time)); }
    // It had no answer: one that was refused at once says nothing of how long answers take.
    void note_failure(reactor::Duration time) { longest_ = std::max(time, longest_); }

    // With a quarter to spare.
    reactor::Duration expected() const { return std::min(longest_ + longest_ / 4, most_); }

private:
    reactor::Duration fading(reactor::Duration time) const { return (longest_ - time) / 16; }

    reactor::Duration most_{};
    reactor::Duration longest_{};
};

}  // namespace herd::places
