#pragma once

#include "protocol/iso6709.hpp"

#include <cstdint>

namespace herd::follow {

// No place: no area holds it.
inline constexpr protocol::Spot nowhere = {
    .latitude = protocol::Spot::latitude_mask, .cut = 0, .longitude = 0};

// Who is told of every change that the Switchboard looks up, whomever it concerns; outlives it, or
// takes leave of it.
class Witness {
public:
    // The record of that slot has changed. `was` is where its client was when a change of it was
    // last looked up: nowhere, if there was none.
    virtual void moved(std::uint32_t slot, protocol::Spot was, protocol::Spot is) = 0;
    // It is about to be forgotten.
    virtual void removed(std::uint32_t slot, protocol::Spot was) = 0;

protected:
    ~Witness() = default;
};

}  // namespace herd::follow
