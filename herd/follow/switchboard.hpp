#pragma once

#include "herd/core.hpp"
#include "herd/follow/interests.hpp"
#include "herd/follow/outlet.hpp"
#include "herd/follow/subscription.hpp"
#include "herd/geo/circle.hpp"
#include "herd/geo/key_tree.hpp"
#include "herd/table/change_feed.hpp"
#include "herd/table/client_hash.hpp"
#include "herd/table/onlooker.hpp"
#include "protocol/iso6709.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::follow {

// Tells sessions of the clients and areas that they follow. It follows the table's feed, and looks
// each change up once, whomever it concerns: among the followed clients, and in the squares that
// followed areas touch, at the place where the client was and at the one where it is.
//
// In turns: how much is looked at and told in one iteration is bounded. What is left waits in the
// feed, and of a client that moves meanwhile only the newest place. What is told goes behind what
// is flooded, in the same flush, as far as there is room.
//
// Owned by Clients, whose sessions are named by their slots. All memory is mapped at start.
// Invariant: every change that the cursor has passed has been looked up; of a record that has
// changed since, `before_` has the place where it was then.
class Switchboard final : public table::ChangeOnlooker, public table::RemovalOnlooker {
public:
    Switchboard(Core& core, const geo::KeyTree& tree, Outlet& outlet);
    Switchboard(const Switchboard&) = delete;
    Switchboard& operator=(const Switchboard&) = delete;
    ~Switchboard();

    // Areas in one square, at most: so many have to be looked at for each change there.
    static constexpr std::uint32_t crowd_max = 1024;
    // Who follow one client, at most, for the same reason.
    static constexpr std::uint32_t followers_max = 4096;

    // Bytes that map() maps.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();

    // Once, before anybody follows: the sessions that `others` has are numbered from
    // limits.connections on, and are as many as limits.http_connections. Outlives the sessions.
    void serve(Outlet& others) { others_ = &others; }

    // From now on the session is told, and of what there is already. Returns the number that names
    // it on this session; nothing when there are too many: in all, of this session, or at that
    // place.
    std::optional<std::uint16_t> follow(std::uint32_t session, const geo::Circle& area);
    std::optional<std::uint16_t> follow(std::uint32_t session, std::string_view client);
    // False: nothing has that number.
    bool unfollow(std::uint32_t session, std::uint16_t number);
    bool follows(std::uint32_t session) const { return subscribers_[session].count > 0; }
    // What it may hear of has changed: it is told all of it anew.
    void start_over(std::uint32_t session);
    // Of a session that ends.
    void forget(std::uint32_t session);
    // It reads again.
    void resume(std::uint32_t session);

    // In the flush, behind what is flooded.
    void push();

    std::uint32_t subscriptions() const { return subscriptions_.size(); }
    // Asserts what must hold between calls. O(n), for tests.
    void check() const;

private:
    // A session that follows something, by its slot. All zero: one that follows nothing.
    struct Subscriber {
        std::uint32_t last;      // of its subscriptions, which are a ring; valid while count > 0
        std::uint32_t next_due;  // valid while `due`, but of the last one
        std::uint16_t count;
        std::uint16_t number;  // the latest that was given
        bool due;
    };
    // What became of a line, or of all that a subscription had to tell.
    enum class Told : std::uint8_t { all, no_room, blocked, no_turn };

    Outlet& outlet_of(std::uint32_t session) const {
        return session < core_.limits.connections ? outlet_ : *others_;
    }
    void before_change(std::uint32_t slot) override;
    void before_removal(std::uint32_t slot) override;

    void wake();
    void take_leave();
    Subscription* add(std::uint32_t session);
    void remove(std::uint32_t session, std::uint32_t before);
    std::uint16_t next_number(std::uint32_t session);
    bool is_crowded(const geo::Circle& area) const;
    Identity identity(std::string_view client) const;

    void look();
    void look_up(std::uint32_t slot);
    void welcome(std::uint32_t slot, std::string_view client);
    template <class Visit>
    void each_size(Visit visit) const;
    template <class Visit>
    void visit_areas(std::uint64_t square, Visit visit);
    void enter(Subscription& subscription, std::uint32_t slot);
    void leave(Subscription& subscription, std::uint32_t slot, std::string_view client);
    void part(std::uint64_t square, protocol::Spot was, protocol::Spot is, std::uint32_t slot);
    void sweep_from(Subscription& subscription, std::uint64_t base) const;
    void start_over(Subscription& subscription);

    void mark_due(const Subscription& subscription);
    void enqueue(std::uint32_t session);
    std::uint32_t dequeue();
    Told tell(std::uint32_t session);
    Told tell(Subscription& subscription);
    Told tell_farewells(Subscription& subscription);
    Told tell_now(const Subscription& subscription, std::uint32_t slot);
    Told sweep(Subscription& subscription);
    Told sweep(Subscription& subscription, std::uint64_t end);

    Core& core_;
    const geo::KeyTree& tree_;
    Outlet& outlet_;
    Outlet* others_ = nullptr;
    table::ClientHash first_hash_;
    table::ClientHash second_hash_;
    Interests interests_;
    reactor::Slab<Subscription> subscriptions_;
    reactor::PageArray<Subscriber> subscribers_;  // By the session's slot.
    reactor::PageArray<protocol::Spot> before_;   // By the record's slot.
    std::optional<table::FeedCursor> cursor_;     // While there is anybody to be told.
    std::array<std::uint32_t, 32> areas_{};       // By the size of their squares.
    std::uint32_t sizes_ = 0;                     // A bit for each size that has any.
    std::uint32_t unknown_ = 0;                   // Clients that are followed and not known,
    std::uint32_t known_ = 0;                     // and that are.
    std::uint32_t first_due_ = nobody;
    std::uint32_t last_due_ = nobody;
    std::uint32_t looks_left_ = 0;  // In this turn.
    std::uint32_t lines_left_ = 0;
    bool pushing_ = false;
};

}  // namespace herd::follow
