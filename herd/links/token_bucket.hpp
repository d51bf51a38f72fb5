#pragma once

#include "reactor/time.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>

namespace herd::links {

// Bounds how often something is done: `per_second`, and as many at once after a quiet second. What
// is not taken by then is lost. Full at first.
class TokenBucket {
public:
    explicit TokenBucket(std::uint32_t per_second)
        : per_second_(per_second), left_(std::int64_t{per_second} * token) {
        assert(per_second > 0);
    }

    // From now on so many.
    void change(std::uint32_t per_second) {
        assert(per_second > 0);
        per_second_ = per_second;
        left_ = std::min(left_, std::int64_t{per_second} * token);
    }

    // Whether one may be done now; it counts as done.
    bool take(reactor::Instant now) {
        assert(now >= filled_);
        // A second fills it.
        const std::int64_t passed = std::min<std::int64_t>((now - filled_).count(), token);
        left_ = std::min(left_ + passed * per_second_, std::int64_t{per_second_} * token);
        filled_ = now;
        if (left_ < token) return false;
        left_ -= token;
        return true;
    }

private:
    // So many nanoseconds at one per second make one.
    static constexpr std::int64_t token = std::chrono::nanoseconds(std::chrono::seconds(1)).count();

    std::uint32_t per_second_;
    std::int64_t left_;
    reactor::Instant filled_{};
};

}  // namespace herd::links
