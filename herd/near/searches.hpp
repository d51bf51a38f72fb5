#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "herd/geo/nearest.hpp"
#include "herd/near/crowd.hpp"
#include "protocol/command.hpp"
#include "protocol/iso6709.hpp"
#include "reactor/delegate.hpp"
#include "reactor/list.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace herd::near {

// What is wanted of a search.
struct Wanted {
    protocol::Iso6709 centre;
    std::uint32_t radius_mm;
    std::uint32_t bound;           // at most protocol::nearby_bound_max
    const access::Pattern* scope;  // of the clients that count; null: all do
};

// One search, from Searches::begin() until end() or cancel().
class Search : public reactor::ListItem<Search> {
public:
    using Done = reactor::Delegate<void(Search&)>;

    Search(const Core& core, const Wanted& wanted, const void* owner, Done done);

    // Once it is done: nearest first, those equally far to the millimetre by their names.
    std::span<const geo::Nearest::Found> found() const { return nearest_.found(); }
    const void* owner() const { return owner_; }

private:
    friend class Searches;

    bool run(std::int64_t wall_ns, std::uint32_t& visits) {
        crowd_.set_clock(wall_ns);
        return nearest_.run(visits);
    }

    const void* owner_;
    Done done_;
    Crowd crowd_;
    // Left as it is: most answers are short.
    std::array<geo::Nearest::Found, protocol::nearby_bound_max> room_;
    geo::Nearest nearest_;
};

// Searches for clients of one server's table, in turns: a client's lines share
// limits.visits_per_turn in a turn, and a search that has had them goes on in the iterations that
// follow, one search in each. So whatever is asked, nobody waits for long. Owned by Clients. There
// is room for limits.searches.
class Searches {
public:
    explicit Searches(Core& core);

    // Bytes that map() maps.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map() { return slots_.map(core_.limits.searches); }

    // A client's turn begins.
    void begin_turn() { visits_ = core_.limits.visits_per_turn; }
    // It has nothing left of it.
    bool spent() const { return visits_ == 0; }

    // Null: too many go on already. The table must keep positions. `done` is called if wait() is.
    Search* begin(const Wanted& wanted, const void* owner, Search::Done done);
    // Whether it is done within the present turn, by the clock `wall_ns`.
    bool run(Search& search, std::int64_t wall_ns) { return search.run(wall_ns, visits_); }
    // Has it done in later turns, and `done` called at the end of one.
    void wait(Search& search);
    // From now on it is not there.
    void end(Search& search);
    // The same of the one of this owner, who has one at most.
    void cancel(const void* owner);

    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    void on_turn();

    Core& core_;
    std::uint32_t visits_ = 0;
    reactor::Slab<Search> slots_;
    reactor::List<Search> waiting_;
    reactor::Task turn_;
};

}  // namespace herd::near
