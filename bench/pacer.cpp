#include "bench/pacer.hpp"

namespace bench {

void Pacer::start(double per_second) {
    interval_ns_ = 1e9 / per_second;
    calls_ = 0;
    lateness_.clear();
    start_ = this_moment();
    timer_.start_at(start_);
}

// From the start, not from the last call: rounding must not add up.
reactor::Instant Pacer::intended() const {
    return start_ +
           reactor::Duration(static_cast<std::int64_t>(interval_ns_ * static_cast<double>(calls_)));
}

void Pacer::on_timer() {
    for (int i = 0; i < calls_per_turn; ++i) {
        const reactor::Instant next = intended();
        const reactor::Instant now = this_moment();
        if (next > now) break;
        lateness_.record((now - next).count());
        ++calls_;
        due_(next);
    }
    timer_.start_at(intended());
}

}  // namespace bench
