#pragma once

#include "herd/core.hpp"
#include "herd/links/token_bucket.hpp"
#include "herd/table/digest.hpp"
#include "reactor/timer.hpp"

#include <array>
#include <cstdint>

namespace herd::links {

// Sends all records of divergent buckets again, to everybody: whoever has something older takes it,
// for all others it is a duplicate. The neighbour with the other half of a difference finds it as
// well, and sends its own. At most limits.repairs_per_s of them, as whoever finds differences may
// be wrong, or lie: nobody's digest has us send all that we have, over and over. Finds the records
// by walking the slots, some at a time. Owned by Neighbours.
class Repair {
public:
    static constexpr std::uint32_t slots_per_step = 2048;  // some 100 us
    static constexpr reactor::Duration step_interval = std::chrono::milliseconds(10);
    static_assert(slots_per_step > 0);

    explicit Repair(Core& core);

    void start(std::uint32_t bucket);
    bool running() const { return left_ > 0; }
    void stop() { timer_.cancel(); }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    void step();
    bool wants(std::uint32_t slot) const;

    Core& core_;
    reactor::Timer timer_;
    TokenBucket budget_;
    std::array<bool, table::Digest::bucket_count> wanted_{};
    std::uint32_t slot_ = 0;  // The next to look at.
    std::uint32_t left_ = 0;  // To look at until all buckets that are wanted are done.
};

}  // namespace herd::links
