#pragma once

#include "herd/table/rules.hpp"
#include "protocol/peer_message.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace herd::links {

// What one run of a neighbour's has acknowledged of our feed, on this connection or on those
// before: that run, by its incarnation, and how far it has come. Of another run nothing is known.
// Owned by a PeerLink, which asks whether what comes answers what it has said.
class Acknowledged {
public:
    // A new connection, to a run that claims so much of our run `epoch`. Returns where to go on.
    table::rules::Position resumed(const table::rules::Position& claimed,
                                   std::uint64_t epoch,
                                   std::uint64_t written,
                                   std::uint32_t incarnation) const {
        return table::rules::resumed(
            claimed, epoch, {written, position_, incarnation == incarnation_});
    }
    // It goes on there.
    void begin(const table::rules::Position& position, std::uint32_t incarnation) {
        assert(incarnation != 0);
        position_ = position;
        incarnation_ = incarnation;
        swept_to_ = 0;
    }

    // SWP was said.
    void swept(std::uint64_t target) {
        assert(target >= swept_to_);
        swept_to_ = target;
    }
    // Everything up to this has been acknowledged.
    void up_to(std::uint64_t seq) {
        assert(seq >= position_.seq);
        position_.seq = seq;
        if (seq >= position_.sweep_target) position_.sweep_target = position_.sweep_slot = 0;
    }
    // A SWP was repeated to us; `marked` is what was said last. Returns whether it can have been.
    // Of a sweep that is over, which may still be acknowledged, nothing is kept.
    bool take(const protocol::Sweep& sweep, const table::rules::Position& marked) {
        if (sweep.target == 0 || sweep.target > swept_to_) return false;
        if (sweep.target != marked.sweep_target) return true;
        if (sweep.slot > marked.sweep_slot) return false;
        if (sweep.target <= position_.seq) return true;
        position_.sweep_target = sweep.target;
        position_.sweep_slot = sweep.slot;
        return true;
    }

    std::uint64_t seq() const { return position_.seq; }
    // Asserts what must hold between calls, while the link is live with this run.
    void check(std::uint32_t incarnation, std::uint64_t feed_seq) const {
        assert(incarnation_ == incarnation);
        assert(position_.seq <= feed_seq);
        assert(position_.sweep_target == 0 || position_.sweep_target > position_.seq);
        assert(std::max(swept_to_, position_.sweep_target) <= feed_seq);
    }

private:
    table::rules::Position position_;
    std::uint32_t incarnation_ = 0;
    std::uint64_t swept_to_ = 0;  // The latest target of a SWP on this connection.
};

}  // namespace herd::links
