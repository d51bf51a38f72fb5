#pragma once

#include "herd/version.hpp"

#include <cstdint>

// The rules on which it hangs that all tables become equal. They stand in a file of their own so
// that a test can link wrong ones in their place, and show that the simulation finds them out.
namespace herd::rules {

// How far a server has processed one neighbour's feed: everything up to `seq` of the run `epoch`,
// and, when `sweep_target` is not 0, of the changes between `seq` and `sweep_target` those in slots
// below `sweep_slot`.
struct Position {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    std::uint64_t sweep_target = 0;
    std::uint32_t sweep_slot = 0;
};

// Whether a report of a neighbour's replaces what is stored. A total order: of two that differ,
// exactly one is newer. Equal is a duplicate, and goes no further: that alone ends loops.
bool newer(const Version& report, const Version& stored);

// What a server grants a neighbour whose present run is `epoch`, given where it had come to.
// Another run numbers its changes anew.
Position granted(const Position& remembered, std::uint64_t epoch);

// Where a sender goes on, given what the receiver says it has processed, its own run and the last
// change that it has written to that receiver. What was written is not what was received.
Position resumed(const Position& claimed, std::uint64_t epoch, std::uint64_t last_written);

// The one suppression: nothing goes back to the very run of a neighbour that it came from.
// Both are incarnations (see Neighbours).
bool came_from(std::uint32_t source, std::uint32_t link);

}  // namespace herd::rules
