#pragma once

#include "herd/table/digest.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace herd::links {

// One neighbour's digest beside our own, bucket by bucket, as it comes in round after round. While
// changes are on their way some buckets always differ; but they differ in another way each time. A
// bucket that differs in the very same way in `rounds_min` rounds differs for good: it is
// divergent.
//
// Being found divergent again and again helps nobody (two tables of different sizes, both full,
// cannot become equal): each time the bucket has to differ for twice as long, up to `rounds_max`.
//
// A round takes its time. Otherwise a neighbour that repeats one digest at once could have us send
// the whole table again, to everybody, whenever it likes.
class Comparison {
public:
    static constexpr std::uint8_t rounds_min = 3;
    static constexpr std::uint8_t rounds_max = 192;
    static_assert(rounds_min > 0);
    static_assert(rounds_min < rounds_max);
    // Of a neighbour's rounds one takes twice as long; a slow way may bring two closer together.
    static constexpr reactor::Duration round_min = std::chrono::seconds(5);
    static constexpr std::uint32_t buckets_per_line =
        static_cast<std::uint32_t>(decltype(protocol::DigestPart::hashes){}.size());
    static constexpr std::uint32_t lines = table::Digest::bucket_count / buckets_per_line;
    static_assert(lines * buckets_per_line == table::Digest::bucket_count);

    // Whether the buckets of a line may be compared now: not again within round_min.
    bool admits(std::uint32_t line, reactor::Instant now);
    // Once a round for each bucket. Whether it is found divergent now.
    bool diverges(std::uint32_t bucket, std::uint64_t ours, std::uint64_t theirs);

private:
    std::array<reactor::Instant, lines> not_before_{};
    std::array<std::uint64_t, table::Digest::bucket_count> difference_{};  // In the latest round.
    std::array<std::uint8_t, table::Digest::bucket_count> rounds_{};       // It was like that.
    std::array<std::uint8_t, table::Digest::bucket_count> needed_{};  // Until found; 0: rounds_min.
};

}  // namespace herd::links
