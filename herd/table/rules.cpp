#include "herd/table/rules.hpp"

#include <cassert>
#include <tuple>

namespace herd::table::rules {

bool newer(const Version& report, const Version& stored) {
    if (report.time_ns != stored.time_ns) return report.time_ns > stored.time_ns;
    return std::tie(report.location, report.server, report.skew_text, report.time_text) >
           std::tie(stored.location, stored.server, stored.skew_text, stored.time_text);
}

Position granted(const Position& remembered, std::uint64_t epoch) {
    if (remembered.epoch == epoch) return remembered;
    return {.epoch = epoch};
}

Position resumed(const Position& claimed, std::uint64_t epoch, const Remembered&) {
    if (claimed.epoch == epoch) return claimed;
    return {.epoch = epoch};
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

bool expired(std::int64_t stamp_ns, std::int64_t wall_ns, std::int64_t ttl_ns) {
    return ttl_ns > 0 && stamp_ns <= wall_ns - ttl_ns;
}

bool doubtful(std::uint64_t found) {
    return found > 0;
}

bool replaces(const Renewed& next) {
    return next.complete && next.synced;
}

bool kept(std::uint64_t refused) {
    return refused > 0;
}

bool late(std::int64_t waited_ns, std::int64_t limit_ns) {
    assert(waited_ns >= 0);
    assert(limit_ns > 0);
    return waited_ns >= limit_ns;
}

}  // namespace herd::table::rules
