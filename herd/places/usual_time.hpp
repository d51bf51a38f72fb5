#pragma once

#include "reactor/time.hpp"
#include "reactor/time_histogram.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>

namespace herd::places {

// How long requests took, and how long one is expected to take: the longest that recent ones have
// taken, which fades while others are shorter. A value; zero until the first one has ended.
class UsualTime {
public:
    // From now on never expects more than `most`: less than a request may take, or a service that
    // was slow once would never be asked again.
    void bound(reactor::Duration most) {
        assert(most > reactor::Duration::zero());
        most_ = most;
    }

    // A request was answered after this time.
    void note_answer(reactor::Duration time) {
        times_.note(time);
        longest_ = std::max(time, longest_ - fading(time));
    }
    // It had no answer: one that was refused at once says nothing of how long answers take.
    void note_failure(reactor::Duration time) {
        times_.note(time);
        longest_ = std::max(time, longest_);
    }

    // With a quarter to spare.
    reactor::Duration expected() const { return std::min(longest_ + longest_ / 4, most_); }

    // Of all requests, answered or not.
    const reactor::TimeHistogram& times() const { return times_; }

private:
    // From 5 milliseconds to 4 seconds.
    static constexpr std::array<reactor::Duration, 10> bounds = {std::chrono::milliseconds(5),
                                                                 std::chrono::milliseconds(10),
                                                                 std::chrono::milliseconds(25),
                                                                 std::chrono::milliseconds(50),
                                                                 std::chrono::milliseconds(100),
                                                                 std::chrono::milliseconds(250),
                                                                 std::chrono::milliseconds(500),
                                                                 std::chrono::milliseconds(1'000),
                                                                 std::chrono::milliseconds(2'500),
                                                                 std::chrono::milliseconds(4'000)};

    reactor::Duration fading(reactor::Duration time) const { return (longest_ - time) / 16; }

    reactor::Duration most_{};
    reactor::Duration longest_{};
    reactor::TimeHistogram times_{bounds};
};

}  // namespace herd::places
