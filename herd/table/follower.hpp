#pragma once

#include "herd/table/change_feed.hpp"
#include "herd/table/location_table.hpp"
#include "herd/table/rules.hpp"
#include "reactor/time.hpp"

#include <cstdint>
#include <optional>

namespace herd::table {

// Hands out to one receiver everything that it does not have yet, at the receiver's own pace.
//
//   tail   in the order of change. Cheap, but a client that moves faster than a slow link drains
//          its backlog is moved behind the cursor each time, and might never be sent.
//   sweep  so a follower that has not caught up for `catch_up_time_max` walks the slots once
//          instead and hands out each record changed after `base`; when it is through, everything
//          up to `target` is.
//
//   tail --not caught up for `catch_up_time_max`, or resumed far back--> sweep --through--> tail
//
// That time runs from the first take() that finds something to hand out: a follower that had
// nothing to do for an hour is not behind for an hour. In a sweep the cursor stands behind the
// target, so that what changes meanwhile is next when the sweep is through.
//
// Lemma (tail): every record with seq <= position().seq was handed out in its present version.
// Lemma (sweep): so was every record with seq <= base, or below `slot` with seq <= target.
class Follower {
public:
    static constexpr reactor::Duration catch_up_time_max = std::chrono::seconds(1);
    static constexpr std::uint32_t scan_max = 64;    // slots looked at per take()
    static constexpr std::uint32_t seek_max = 1024;  // records walked back at a resume

    explicit Follower(LocationTable& table) : table_(table), cursor_(table.feed()) {}

    // Where to go on: what the receiver claims to have processed. A position of 0 is the start.
    // Returns how much of that is believed: all, or the start when this feed never was there.
    rules::Position resume(const rules::Position& claimed);

    // Whether a receiver of this feed may say that it has processed so much.
    bool can_be(const rules::Position& claimed) const;

    // The next record, or null: there is none, or none in the stretch of a sweep that was looked
    // at; behind() says whether to ask again. The record counts as handed out.
    const Record* take(reactor::Instant now);

    bool behind() const { return sweeping_ || cursor_.peek() != nullptr; }
    bool sweeping() const { return sweeping_; }

    // What may be said to the receiver when all that was handed out has been written to it; the
    // epoch is the caller's business. Never advances `seq` within a sweep.
    rules::Position position() const;

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    const Record* take_swept();
    void start_sweep(std::uint64_t base, std::uint64_t target, std::uint32_t slot);
    void end_sweep();

    LocationTable& table_;
    FeedCursor cursor_;
    std::optional<reactor::Instant> behind_since_;  // In tail mode, once it is behind.
    bool sweeping_ = false;
    bool target_far_ = false;  // In a sweep: the cursor could not be moved to behind the target.
    std::uint32_t slot_ = 0;   // The next to look at.
    std::uint64_t base_ = 0;
    std::uint64_t target_ = 0;
};

}  // namespace herd::table
