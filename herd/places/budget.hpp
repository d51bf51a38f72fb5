#pragma once

#include "reactor/time.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>

namespace herd::places {

// How many requests may go to a service that costs money: so many in a second, of which those not
// made are saved for that second and no longer, and so many in 24 hours, counted from the first one
// on. A value; a rate of 0 is none. Begins anew with each run of a server.
class Budget {
public:
    static constexpr reactor::Duration day = std::chrono::hours(24);

    Budget() = default;
    Budget(std::uint32_t per_second, std::uint32_t per_day)
        : per_second_(per_second), per_day_(per_day), saved_(whole()) {}

    // From now on; what has been spent of the day stays spent.
    void change(std::uint32_t per_second, std::uint32_t per_day) {
        per_second_ = per_second;
        per_day_ = per_day;
        saved_ = std::min(saved_, whole());
    }

    // When the next request may be made, or the one before which `ahead` others are; not before
    // `now`.
    reactor::Instant next(reactor::Instant now, std::uint32_t ahead = 0) {
        renew(now);
        if (per_day_ > 0 && std::uint64_t{today_} + ahead >= per_day_) {
            return (today_ == 0 ? now : today_began_) + day;
        }
        const reactor::Duration cost = request * (std::int64_t{ahead} + 1);
        if (per_second_ == 0 || saved_ >= cost) return now;
        return now + (cost - saved_) / per_second_ + reactor::Duration(1);
    }
    // One is made, as next() has allowed.
    void spend(reactor::Instant now) {
        assert(next(now) == now);
        if (per_second_ > 0) saved_ -= request;
        if (today_ == 0) today_began_ = now;
        ++today_;
    }
    bool is_over(reactor::Instant now) { return next(now) > now; }

private:
    // What one costs: a second saves as much as it may spend.
    static constexpr reactor::Duration request = std::chrono::seconds(1);

    reactor::Duration whole() const { return per_second_ * request; }
    void renew(reactor::Instant now) {
        assert(now >= counted_);
        const reactor::Duration passed = std::min<reactor::Duration>(now - counted_, request);
        saved_ = std::min(saved_ + passed * per_second_, whole());
        counted_ = now;
        if (today_ > 0 && now - today_began_ >= day) today_ = 0;
    }

    std::uint32_t per_second_ = 0;
    std::uint32_t per_day_ = 0;
    reactor::Duration saved_{};  // times per_second_: of the second before `counted_`
    reactor::Instant counted_{};
    std::uint32_t today_ = 0;
    reactor::Instant today_began_{};
};

}  // namespace herd::places
