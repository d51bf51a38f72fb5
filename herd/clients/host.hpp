#pragma once

#include "herd/clients/turns.hpp"
#include "herd/core.hpp"
#include "herd/follow/switchboard.hpp"
#include "herd/intake/intake.hpp"
#include "herd/links/barrier.hpp"
#include "herd/near/searches.hpp"
#include "herd/places/places.hpp"
#include "herd/table/line_batch.hpp"
#include "protocol/command.hpp"
#include "reactor/blocks.hpp"
#include "reactor/delegate.hpp"
#include "reactor/slab.hpp"

#include <cstdint>

namespace herd::clients {

struct Admission;
class Admissions;
class Session;

// A WHATSAT that waits for the Places service.
struct Question {
    places::Ticket ticket;
    reactor::BlockChain at_line;  // What it will be answered with, before the places.
    std::uint32_t bound = 0;
};
using Questions = reactor::Slab<Question>;

using CommandBatch = table::LineBatch<protocol::Command, protocol::parse_command>;

// What the sessions of one server work with; outlives them all. Most of them are idle, so what only
// a busy one needs stands here, once: loop and streams run one session at a time.
struct Host {
    Core core;  // A copy: it is asked several times for each line.
    places::Places& places;
    links::Barrier& barrier;                   // where a SYNC waits
    intake::Intake& intake;                    // where reports go
    reactor::Delegate<void(Session&)> ended;   // Releases the session.
    Turns turns{};                             // how long one may take
    CommandBatch commands{};                   // what is read ahead of the batch at hand
    Questions questions{};                     // Room for one of each session.
    Admissions* admissions = nullptr;          // Null: anybody may report and ask.
    follow::Switchboard* following = nullptr;  // Null: nothing can be followed.
    near::Searches* searches = nullptr;        // Null: nobody can be asked who is near.
    reactor::Delegate<std::uint32_t(const Session&)> slot_of{};
    std::int64_t received_ns = 0;  // Wall clock, when the batch at hand was read.
};

}  // namespace herd::clients
