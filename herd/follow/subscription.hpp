#pragma once

#include "herd/geo/circle.hpp"
#include "herd/table/record.hpp"
#include "protocol/iso6709.hpp"
#include "reactor/blocks.hpp"

#include <array>
#include <cstdint>

namespace herd::follow {

inline constexpr std::uint32_t nobody = UINT32_MAX;

// No place: no area holds it.
inline constexpr protocol::Spot nowhere = {
    .latitude = protocol::Spot::latitude_mask, .cut = 0, .longitude = 0};

// A client's identity: two keyed hashes of its name, 128 bits, which takes the place of a name that
// may be long, and that nobody has said yet.
struct Identity {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    friend bool operator==(const Identity&, const Identity&) = default;
};

// What one session follows under one number, and what it still has to be told of it. Owned by the
// Switchboard.
//
// Few changes wait in `due`, one for each client, however often it moves. When there are too many,
// all that is followed is swept: each client there that has changed since `base` is told of once,
// and again those that have changed meanwhile. Who has left waits as a line in `farewells`, as its
// record may be gone by then; with too many of these it starts over: the follower forgets what it
// has been told, and is told all there is.
struct Subscription {
    enum class Kind : std::uint8_t { area, client };
    static constexpr std::uint32_t due_max = 12;
    static constexpr std::size_t farewells_max = 4096;  // bytes, of more than one line

    bool has_news() const { return starts_over || due_count > 0 || sweeping || !farewells.empty(); }

    std::uint32_t subscriber = nobody;  // the session's slot
    std::uint32_t next = nobody;        // of its session's
    std::uint16_t number = 0;
    Kind kind = Kind::area;
    std::uint8_t due_count = 0;
    bool starts_over = false;
    bool sweeping = false;
    bool sweeps_again = false;
    std::array<std::uint32_t, due_max> due{};  // Slots of records; whose place is in the area.
    reactor::BlockChain farewells;

    // Of an area.
    geo::Circle area{{}, 0};
    std::uint64_t swept = 0;   // Keys below this have been looked at.
    std::uint64_t base = 0;    // What had changed by then has been told.
    std::uint64_t target = 0;  // The feed's number when the sweep began.

    // Of a client.
    Identity identity{};
    std::uint32_t slot = table::no_record;  // None while it is not known.
};

static_assert(sizeof(Subscription) <= 176);

}  // namespace herd::follow
