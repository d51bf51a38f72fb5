#pragma once

#include "herd/table/location_table.hpp"
#include "reactor/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace herd::links {

// Finds differences that no rule allows for: a record lost by a full table, or by a mistake of
// ours. A link says this beside its feed. The digest of the whole table goes out once in a
// `digest_round`. A digest tells nothing while every bucket is in flux, so each record is said
// again once in a `refresh_round`, whoever it came from.
//
// It has its turn once a second, when the link has nothing else to say, and must not hold up what
// comes next. The PING that follows each turn shows how much a link bears: the share doubles while
// the answer comes as fast as ever, and is halved when it takes longer. A slow link has longer
// rounds.
class AntiEntropy {
public:
    static constexpr std::uint32_t digest_round_s = 10;
    static constexpr std::uint32_t refresh_round_s = 600;
    static constexpr std::size_t share_min = 256;  // bytes a second
    static constexpr std::size_t share_max = std::size_t{1} << 20;
    static_assert(share_min < share_max);
    // The first round of digests after a round of records begins like all others.
    static_assert(refresh_round_s % digest_round_s == 0);
    static constexpr reactor::Duration delay_max = std::chrono::milliseconds(50);

    explicit AntiEntropy(const table::LocationTable& table) : table_(table) {}

    // A new connection, of which nothing is known.
    void reset();
    // Once a second, with the round trip of the PING behind the latest turn; nothing: it has not
    // been answered, so there is no turn.
    void tick(std::optional<reactor::Duration> round_trip);
    bool due() const { return digests_due_ > 0 || records_due_ > 0; }
    // Writes lines that are due, as many as fit; returns their size.
    std::size_t fill(std::span<char> out);

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    void end_turn() { digests_due_ = records_due_ = 0; }
    std::size_t put_digest(std::span<char> out);
    std::size_t put_record(std::span<char> out);

    const table::LocationTable& table_;
    std::uint32_t second_ = 0;  // Of the refresh round.
    std::uint32_t bucket_ = 0;  // The next to say.
    std::uint32_t slot_ = 0;
    std::uint32_t digests_due_ = 0;  // Lines of this turn, as are the records.
    std::uint32_t records_due_ = 0;
    std::size_t share_ = share_min;
    std::size_t left_ = 0;  // Of the share, in this turn.
    reactor::Duration fastest_ = reactor::Duration::max();
};

}  // namespace herd::links
