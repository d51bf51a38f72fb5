#pragma once

#include "herd/watch/status.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/time.hpp"

#include <cstdint>

namespace herd::ops {

// Whether a server may be sent clients: once since its start each neighbour was linked both ways
// and had told all of its table, and the journal could be written, or it has waited for that long
// enough; and not before a journal that is read while it serves has been read: the waiting begins
// then. Where answers are to
// wait for the disk it waits for the journal as long as that takes: so a wrong folder shows at the
// first server that is started with it. Then it stays ready until it shuts down: that a neighbour
// is lost, or the journal's disk, is no reason to send nobody to it, or one dead server would take
// all of them out.
class Readiness {
public:
    // That is limits.ready_ms, which outlives it.
    explicit Readiness(const std::uint32_t& wait_max_ms) : wait_max_ms_(wait_max_ms) {}

    // At each tick, and when somebody asks. Of `status` it reads links, journal, time and draining.
    void look(const watch::Status& status);

    bool ready(const watch::Status& status) const { return was_ready_ && !status.draining; }
    // Why it is not, and what is wrong though it is: a line each, to `out`.
    void explain(const watch::Status& status, protocol::TextWriter& out) const;

private:
    const std::uint32_t& wait_max_ms_;
    bool was_ready_ = false;
    reactor::Duration read_at_{};  // of status.up, when the journal had been read
};

}  // namespace herd::ops
