#pragma once

#include "herd/core.hpp"
#include "herd/outcome.hpp"
#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/slab.hpp"
#include "reactor/timer.hpp"

#include <cstdint>

namespace herd::links {

// Of `configured` neighbours `live` are linked with this server, and have what it has.
struct Reach {
    std::uint32_t live;
    std::uint32_t configured;
};

// How a Barrier reaches the links that it waits for; outlives it.
class BarrierLinks {
public:
    // Whether every live one has had everything up to this change acknowledged.
    virtual bool have(std::uint64_t seq) const = 0;
    // Tells the neighbours at once how far they have been told.
    virtual void mark() = 0;
    virtual Reach reach() const = 0;

protected:
    ~BarrierLinks() = default;
};

// Keeps those waiting who ask to be told when every live neighbour has all that the server has. A
// neighbour that goes meanwhile is not waited for, one that comes is.
// Owned by Neighbours. Room for limits.syncs, each for limits.sync_ms.
class Barrier {
public:
    // True: it is so. False: not in time.
    using Over = reactor::Delegate<void(bool)>;
    enum class Begun : std::uint8_t { reached, waiting, refused };

    Barrier(Core& core, BarrierLinks& links);

    // Bytes that open() maps.
    static std::uint64_t memory_max(const config::Limits& limits);
    reactor::Result<void> open();

    // `over` is called once, later, if `waiting` is answered; not after cancel() with this owner,
    // who waits for one thing at a time. Refused: too many wait.
    Begun begin(const void* owner, Over over);
    void cancel(const void* owner);
    Reach reach() const { return links_.reach(); }

    // An acknowledgement has come, or a link has gone.
    void on_progress() {
        if (!waits_.empty()) release();
    }

    // Asserts what must hold between calls. For tests.
    void check() const;

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
    BarrierLinks& links_;
    reactor::Slab<Wait> slots_;
    reactor::List<Wait> waits_;      // In the order of `seq` and of `until`.
    reactor::Instant last_until_{};  // Of the one who began last.
    reactor::Timer deadline_;        // Of the first.
};

}  // namespace herd::links
