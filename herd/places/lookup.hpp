#pragma once

#include "herd/places/places.hpp"
#include "herd/places/trouble.hpp"
#include "herd/sip_hash.hpp"
#include "reactor/list.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/time.hpp"

#include <cassert>
#include <cstdint>
#include <string_view>

namespace herd::places {

// What makes two questions the same lookup: the coordinates in millionths of a degree, as they are
// sent upstream, and the radius. How many results each asker wants makes no difference.
struct LookupKey {
    std::int32_t latitude = 0;
    std::int32_t longitude = 0;
    std::uint32_t radius_mm = 0;

    static LookupKey of(const protocol::PlacesQuery& query);
    friend bool operator==(const LookupKey&, const LookupKey&) = default;
};

struct Lookup;

// One asker. Linked in its lookup's `waiters` until that is settled, then among the client's ready.
struct Waiter : reactor::ListItem<Waiter> {
    Waiter(Lookup& of, Places::Answered to) : lookup(of), answered(to) { assert(answered); }

    Lookup& lookup;
    Places::Answered answered;
};

struct ByDeadline {};
struct ByTurn {};

// One question put to the service on behalf of all who ask it at the time.
// Invariant: waiting is the number of its waiters, settled or not, and more than 0 while it lives.
struct Lookup : reactor::ListItem<ByDeadline>, reactor::ListItem<ByTurn> {
    enum class State : std::uint8_t {
        queued,       // for a slot
        fetching,     // in its slot
        backing_off,  // in its slot, between two attempts
        settled,      // its answer is decided and being handed out
    };
    static constexpr std::uint32_t no_slot = UINT32_MAX;

    LookupKey key;
    protocol::PlacesQuery query{};
    State state = State::queued;
    bool standing = false;  // Belongs to the client for good, settled from the start.
    bool failed = false;
    Trouble trouble{};  // Why it failed.
    std::uint8_t attempts = 0;
    std::uint32_t waiting = 0;
    std::uint32_t slot = no_slot;
    reactor::Instant deadline;
    reactor::Instant resumes;    // when backing_off
    reactor::Instant asked;      // when its latest request was made
    protocol::CutPlaces answer;  // if not failed: its text is in the slot's buffer
    Lookup* next = nullptr;      // in its chain of the table
    reactor::List<Waiter> waiters;
};

// Finds the lookup that a new question can share. Holds those that are not settled; owns none.
class LookupTable {
public:
    // Once, first. `capacity` says for how many lookups chains stay short.
    reactor::Result<void> map(std::uint32_t capacity);

    Lookup* find(const LookupKey& key);
    void insert(Lookup& lookup);
    void remove(Lookup& lookup);

private:
    Lookup*& chain(const LookupKey& key);

    reactor::PageArray<Lookup*> chains_;  // their number is a power of two
    SipHash hash_;                        // Clients choose the keys, not the chains.
};

}  // namespace herd::places
