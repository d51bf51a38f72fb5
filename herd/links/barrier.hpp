#pragma once

#include "herd/core.hpp"
#include "herd/outcome.hpp"
#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/slab.hpp"
#include "reactor/timer.hpp"

#include <cstdint>

namespace herd::links {

// Who has what this server has: of `configured` neighbours `live` are linked with it.
struct Reach {
    std::uint32_t live;
    std::uint32_t configured;
};

// Where those wait who ask to be told when all that the server has is with every live neighbour. A
// neighbour that goes meanwhile is not waited for, one that comes is.
// Owned by the Server. Room for limits.syncs, each for limits.sync_ms.
class Barrier {
public:
    // How it reaches the links.
    struct Links {
        // Whether every live one has had everything up to this change acknowledged.
        reactor::Delegate<bool(std::uint64_t)> have;
        // Tell the neighbours at once how far they have been told.
        reactor::Delegate<void()> mark;
        reactor::Delegate<Reach()> reach;
    };
    // True: it is so. False: not in time.
    using Over = reactor::Delegate<void(bool)>;
    enum class Begun : std::uint8_t { reached, waiting, refused };

    Barrier(Core& core, const Links& links);

    reactor::Result<void> open();

    // `over` is called once, later, if `waiting` is answered; not after cancel() with this owner,
    // who waits for one thing at a time. Refused: too many wait.
    Begun begin(const void* owner, Over over);
    void cancel(const void* owner);
    Reach reach() const { return links_.reach(); }

    // An acknowledgement has come, or a link has gone.
    void check() {
        if (!waits_.empty()) release();
    }

private:
    struct Wait : reactor::ListItem<Wait> {
        Wait(const void* who, Over to_call, std::uint64_t change, reactor::Instant deadline)
            : owner(who), over(to_call), seq(change), until(deadline) {}

        const void* owner;
        Over over;
        std::uint64_t seq;
        reactor::Instant until;
    };

    void release();
    void end(Wait& wait, bool reached);
    void on_deadline();

    Core& core_;
    Links links_;
    reactor::Slab<Wait> slots_;
    reactor::List<Wait> waits_;  // In the order of `seq` and of `until`.
    reactor::Timer deadline_;    // Of the first.
};

}  // namespace herd::links
