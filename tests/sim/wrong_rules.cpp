// Linked instead of herd/table/rules.cpp, to show that the simulation finds wrong rules out.
#include "tests/sim/wrong_rules.hpp"

#include "herd/links/neighbour.hpp"
#include "herd/table/rules.hpp"
#include "protocol/posix_time.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <tuple>

namespace herd::table::rules {

Wrong wrong = Wrong::none;

namespace {

// What a client's own report is ordered by.
auto report_order(const table::Version& version) {
    const auto stamp = protocol::parse_posix_time(version.time_text);
    return std::tuple(version.effective_ns, *stamp, version.location);
}

}  // namespace

std::int64_t latest(std::int64_t stamp_ns, std::int64_t skew_ns) {
    if (wrong == Wrong::order_by_stamp) return stamp_ns;
    std::int64_t latest_ns = 0;
    if (__builtin_add_overflow(stamp_ns, skew_ns + slack_ns, &latest_ns)) return INT64_MIN;
    return latest_ns;
}

bool newer(const table::Version& report, const table::Version& stored) {
    const auto order = [](const table::Version& version) {
        return std::tuple_cat(report_order(version),
                              std::tie(version.server, version.skew_text, version.time_text));
    };
    if (wrong == Wrong::overwrite_if_different) return order(report) != order(stored);
    if (wrong == Wrong::first_of_equals_wins && report.effective_ns == stored.effective_ns)
        return false;
    return order(report) > order(stored);
}

bool newer_report(const table::Version& report, const table::Version& stored) {
    return report_order(report) > report_order(stored);
}

bool proven(std::uint64_t shown, std::uint64_t cookie) {
    return shown == cookie || wrong == Wrong::believe_the_hello;
}

Position granted(const Position& remembered, std::uint64_t epoch, std::uint64_t seq) {
    const bool possible = remembered.seq <= seq && remembered.sweep_target <= seq;
    if (remembered.epoch == epoch && possible) return remembered;
    Position position{.epoch = epoch};
    if (wrong == Wrong::resume_without_epoch) position.seq = remembered.seq;
    return position;
}

Position resumed(const Position& claimed, std::uint64_t epoch, const Remembered& remembered) {
    if (wrong == Wrong::resume_from_written) return {.epoch = epoch, .seq = remembered.written};
    const Position& acknowledged = remembered.acknowledged;
    if (wrong == Wrong::ignore_restart) return {.epoch = epoch, .seq = acknowledged.seq};
    const bool any_run = wrong == Wrong::resume_without_epoch;
    if (claimed.epoch != epoch && !any_run) return {.epoch = epoch};
    if (any_run || wrong == Wrong::believe_the_claim) {
        if (claimed.sweep_target > claimed.seq) return claimed;
        return {.epoch = epoch, .seq = claimed.seq};
    }
    if (!remembered.same_run) return {.epoch = epoch};
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
    if (wrong == Wrong::sweep_advances) return {.seq = target};
    return {.seq = base, .sweep_target = target, .sweep_slot = slot};
}

bool came_from(const Passage& passage) {
    constexpr std::uint32_t index_mask = (1U << links::Neighbour::index_bits) - 1;
    if (wrong == Wrong::origin_has_it && passage.origin == passage.neighbour) return true;
    if (passage.source == 0) return false;
    if (wrong == Wrong::source_outlives_restart) {
        return (passage.source & index_mask) == (passage.link & index_mask);
    }
    return passage.source == passage.link;
}

bool too_far_ahead(std::int64_t skew_ns, std::int64_t stamp_ns, std::int64_t max_future_ns) {
    if (wrong == Wrong::judge_by_own_clock) skew_ns = reactor::sys::wall_ns() - stamp_ns;
    return max_future_ns > 0 && skew_ns < -max_future_ns;
}

bool expired(std::int64_t effective_ns, std::int64_t wall_ns, std::int64_t ttl_ns) {
    return ttl_ns > 0 && effective_ns <= wall_ns - ttl_ns;
}

bool doubtful(std::uint64_t found) {
    return found > 0 && wrong != Wrong::trust_what_is_read;
}

bool replaces(const Renewed& next) {
    return next.complete && (next.synced || wrong == Wrong::rename_before_sync);
}

bool may_go(std::uint64_t until, std::uint64_t synced) {
    return synced >= until || wrong == Wrong::punch_before_sync;
}

bool kept(std::uint64_t refused) {
    return refused > 0 && wrong != Wrong::forget_what_is_refused;
}

bool late(std::int64_t waited_ns, std::int64_t limit_ns) {
    return waited_ns >= limit_ns && wrong != Wrong::wait_for_the_disk;
}

bool waits_for_load(bool loading) {
    return loading && wrong != Wrong::answer_while_loading;
}

}  // namespace herd::table::rules
