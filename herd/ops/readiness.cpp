#include "herd/ops/readiness.hpp"

#include <cassert>
#include <chrono>
#include <string_view>

namespace herd::ops {

namespace {

// What is waited for; empty: nothing. An old server tells nothing of itself.
std::string_view missing(const watch::LinkStatus& link) {
    if (link.legacy) return {};
    if (link.state != "live") return "is not linked";
    if (!link.hears) return "is not connected here";
    return link.told ? std::string_view() : "has not told its whole table";
}

}  // namespace

void Readiness::look(const watch::Status& status) {
    if (was_ready_) return;
    // However long that takes: it answers with what it has read so far.
    if (status.journal_loading) {
        read_at_ = status.up;
        return;
    }
    assert(status.link_count <= status.links.size());
    bool all = true;
    for (std::size_t i = 0; i < status.link_count; ++i) {
        all = all && missing(status.links[i]).empty();
    }
    const bool waited = status.up - read_at_ >= std::chrono::milliseconds(wait_max_ms_);
    const bool kept = status.journal != "failed";
    was_ready_ = (all || waited) && (kept || (waited && !status.journal_always));
}

void Readiness::explain(const watch::Status& status, protocol::TextWriter& out) const {
    if (status.draining) out.put("shutting down\n");
    if (status.journal == "failed") {
        out.put(
            "the journal cannot be written, so positions are in memory only: the log says why\n");
    }
    if (status.journal_loading) out.put("loading: the journal is still being read\n");
    if (was_ready_) return;
    for (std::size_t i = 0; i < status.link_count; ++i) {
        const std::string_view what = missing(status.links[i]);
        if (what.empty()) continue;
        out.put(status.links[i].neighbour);
        out.put(' ');
        out.put(what);
        out.put('\n');
    }
}

}  // namespace herd::ops
