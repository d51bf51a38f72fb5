#include "herd/table/rules.hpp"

#include "protocol/posix_time.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace herd::table::rules {

namespace {

// Of two versions of one effective time: 0 when their stamps are equal, above when that of the
// first is greater. No record has room for both times, so a stamp is read again; it is another one
// only where both are too far ahead.
int by_stamp(const Version& one, const Version& other) {
    if (one.time_text == other.time_text) return 0;
    const auto stamp = protocol::parse_posix_time(one.time_text);
    const auto other_stamp = protocol::parse_posix_time(other.time_text);
    assert(stamp.has_value());
    assert(other_stamp.has_value());
    if (*stamp == *other_stamp) return 0;
    return *stamp > *other_stamp ? 1 : -1;
}

}  // namespace

std::int64_t latest(std::int64_t stamp_ns, std::int64_t skew_ns) {
    assert(skew_ns < -slack_ns);
    // No honest line has a receipt before 1677.
    std::int64_t latest_ns = 0;
    if (__builtin_add_overflow(stamp_ns, skew_ns + slack_ns, &latest_ns)) return INT64_MIN;
    return latest_ns;
}

bool newer(const Version& report, const Version& stored) {
    if (report.effective_ns != stored.effective_ns) {
        return report.effective_ns > stored.effective_ns;
    }
    if (const int order = by_stamp(report, stored); order != 0) return order > 0;
    return std::tie(report.location, report.server, report.skew_text, report.time_text) >
           std::tie(stored.location, stored.server, stored.skew_text, stored.time_text);
}

bool newer_report(const Version& report, const Version& stored) {
    if (report.effective_ns != stored.effective_ns) {
        return report.effective_ns > stored.effective_ns;
    }
    if (const int order = by_stamp(report, stored); order != 0) return order > 0;
    return report.location > stored.location;
}

bool proven(std::uint64_t shown, std::uint64_t cookie) {
    assert(cookie != 0);
    return shown == cookie;
}

Position granted(const Position& remembered, std::uint64_t epoch, std::uint64_t seq) {
    const bool possible = remembered.seq <= seq && remembered.sweep_target <= seq;
    if (remembered.epoch == epoch && possible) return remembered;
    return {.epoch = epoch};
}

Position resumed(const Position& claimed, std::uint64_t epoch, const Remembered& remembered) {
    const Position& acknowledged = remembered.acknowledged;
    if (claimed.epoch != epoch || !remembered.same_run) return {.epoch = epoch};
    // A sweep counts from where it began: what both say of one only if nothing before it is in
    // doubt.
    if (claimed.seq < acknowledged.seq) return {.epoch = epoch, .seq = claimed.seq};
    Position agreed{.epoch = epoch, .seq = acknowledged.seq};
    const bool through = claimed.seq >= acknowledged.sweep_target;
    if (!through && claimed.sweep_target != acknowledged.sweep_target) return agreed;
    agreed.sweep_target = acknowledged.sweep_target;
    agreed.sweep_slot =
        through ? acknowledged.sweep_slot : std::min(claimed.sweep_slot, acknowledged.sweep_slot);
    return agreed;
}

Position swept(std::uint64_t base, std::uint64_t target, std::uint32_t slot) {
    assert(base <= target);
    return {.seq = base, .sweep_target = target, .sweep_slot = slot};
}

bool came_from(const Passage& passage) {
    return passage.source != 0 && passage.source == passage.link;
}

bool too_far_ahead(std::int64_t skew_ns, std::int64_t, std::int64_t max_future_ns) {
    return max_future_ns > 0 && skew_ns < -max_future_ns;
}

bool expired(std::int64_t effective_ns, std::int64_t wall_ns, std::int64_t ttl_ns) {
    return ttl_ns > 0 && effective_ns <= wall_ns - ttl_ns;
}

bool doubtful(std::uint64_t found) {
    return found > 0;
}

bool replaces(const Renewed& next) {
    return next.complete && next.synced;
}

bool may_go(std::uint64_t until, std::uint64_t synced) {
    return synced >= until;
}

bool kept(std::uint64_t refused) {
    return refused > 0;
}

bool late(std::int64_t waited_ns, std::int64_t limit_ns) {
    assert(waited_ns >= 0);
    assert(limit_ns > 0);
    return waited_ns >= limit_ns;
}

bool waits_for_load(bool loading) {
    return loading;
}

}  // namespace herd::table::rules
