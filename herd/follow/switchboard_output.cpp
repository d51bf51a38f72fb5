// What is told, and to whom when.
#include "herd/follow/switchboard.hpp"
#include "herd/geo/cell.hpp"
#include "herd/geo/cover.hpp"
#include "herd/geo/squares.hpp"
#include "protocol/follow_line.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <utility>

namespace herd::follow {

namespace {

// Lines that are told in one iteration, and records that are looked at for them in sweeps.
constexpr std::uint32_t lines_per_turn = 1024;

void erase(Subscription& subscription, std::uint32_t slot) {
    auto* const end = subscription.due.begin() + subscription.due_count;
    auto* const found = std::find(subscription.due.begin(), end, slot);
    if (found != end) *found = subscription.due[--subscription.due_count];
}

}  // namespace

// A client is there, and has changed.
void Switchboard::enter(Subscription& subscription, std::uint32_t slot) {
    auto* const end = subscription.due.begin() + subscription.due_count;
    if (std::find(subscription.due.begin(), end, slot) != end) return;
    if (subscription.due_count < Subscription::due_max) {
        subscription.due[subscription.due_count++] = slot;
    } else if (subscription.sweeping) {
        subscription.sweeps_again = true;
    } else {
        ++core_.counters.follows_swept;
        sweep_from(subscription, core_.table.at(slot).seq - 1);
    }
    mark_due(subscription);
}

// A client is not there any more.
void Switchboard::leave(Subscription& subscription, std::uint32_t slot, std::string_view client) {
    erase(subscription, slot);
    if (!outlet_of(subscription.subscriber).may_hear(subscription.subscriber, client)) return;
    std::array<char, protocol::gone_head_size_max> head{};
    const std::string_view begin = protocol::format_gone_head(head, subscription.number);
    reactor::BlockPool& blocks = core_.wire.blocks();
    reactor::BlockChain& farewells = subscription.farewells;
    const std::size_t size = farewells.size(blocks);
    const std::size_t more = begin.size() + client.size() + 1;
    const bool fits = size == 0 || size + more <= Subscription::farewells_max;
    const bool kept = fits && farewells.append(blocks, begin, false) &&
                      farewells.append(blocks, client, false) &&
                      farewells.append(blocks, "\n", false);
    if (!kept) return start_over(subscription);
    mark_due(subscription);
}

void Switchboard::mark_due(const Subscription& subscription) {
    enqueue(subscription.subscriber);
    if (!pushing_) core_.wire.post_flush();
}

void Switchboard::enqueue(std::uint32_t session) {
    if (std::exchange(subscribers_[session].due, true)) return;
    if (first_due_ == nobody) {
        first_due_ = session;
    } else {
        subscribers_[last_due_].next_due = session;
    }
    last_due_ = session;
}

std::uint32_t Switchboard::dequeue() {
    assert(first_due_ != nobody);
    const std::uint32_t session = first_due_;
    first_due_ = session == last_due_ ? nobody : subscribers_[session].next_due;
    subscribers_[session].due = false;
    return session;
}

void Switchboard::resume(std::uint32_t session) {
    const Subscriber& subscriber = subscribers_[session];
    std::uint32_t index = subscriber.last;
    for (std::uint16_t i = 0; i < subscriber.count; ++i) {
        const Subscription& each = subscriptions_[index];
        if (each.has_news()) return mark_due(each);
        index = each.next;
    }
}

// One who does not read leaves the queue until it does; where the room or the turn ends, the next
// iteration goes on with the one behind.
void Switchboard::push() {
    if (!cursor_) return;
    pushing_ = true;
    look();
    lines_left_ = lines_per_turn;
    bool room = true;
    while (room && lines_left_ > 0 && first_due_ != nobody) {
        const std::uint32_t session = dequeue();
        const Told told = tell(session);
        if (told == Told::no_room || told == Told::no_turn) enqueue(session);
        room = told != Told::no_room;
    }
    pushing_ = false;
    if (first_due_ != nobody || cursor_->peek() != nullptr) core_.wire.post_flush();
}

// Of what it follows each in turns: the ring goes on behind the one that did not get to its end.
Switchboard::Told Switchboard::tell(std::uint32_t session) {
    Subscriber& subscriber = subscribers_[session];
    for (std::uint16_t i = 0; i < subscriber.count; ++i) {
        const std::uint32_t index = subscriptions_[subscriber.last].next;
        subscriber.last = index;
        const Told told = tell(subscriptions_[index]);
        if (told != Told::all) return told;
    }
    return Told::all;
}

Switchboard::Told Switchboard::tell(Subscription& subscription) {
    if (subscription.starts_over) {
        const std::uint32_t session = subscription.subscriber;
        const std::size_t size = protocol::follow_answer_size(core_.name);
        const Outlet::Flow flow = outlet_of(session).flow(session, size);
        if (flow == Outlet::Flow::full) return Told::no_room;
        if (flow == Outlet::Flow::blocked) return Told::blocked;
        const std::span<char> out = outlet_of(session).reserve(session, size);
        outlet_of(session).commit(session,
                                  protocol::format_follow(out, core_.name, subscription.number));
        subscription.starts_over = false;
    }
    if (const Told told = tell_farewells(subscription); told != Told::all) return told;
    while (subscription.due_count > 0) {
        if (lines_left_ == 0) return Told::no_turn;
        const std::uint32_t slot = subscription.due[subscription.due_count - 1U];
        if (const Told told = tell_now(subscription, slot); told != Told::all) return told;
        --subscription.due_count;
    }
    // Who has changed and was not looked up yet would be told of now, and again then, when it may
    // have left in between.
    if (!subscription.sweeping) return Told::all;
    return cursor_->peek() == nullptr ? sweep(subscription) : Told::no_turn;
}

Switchboard::Told Switchboard::tell_farewells(Subscription& subscription) {
    reactor::BlockPool& blocks = core_.wire.blocks();
    const std::size_t size = subscription.farewells.size(blocks);
    if (size == 0) return Told::all;
    const std::uint32_t session = subscription.subscriber;
    // They have waited since then; with another token it starts over.
    if (!outlet_of(session).may_hear(session)) {
        subscription.farewells.clear(blocks);
        return Told::all;
    }
    const Outlet::Flow flow = outlet_of(session).flow(session, size);
    if (flow == Outlet::Flow::full) return Told::no_room;
    if (flow == Outlet::Flow::blocked) return Told::blocked;
    const std::span<char> out = outlet_of(session).reserve(session, size);
    subscription.farewells.copy_to(blocks, out.data());
    subscription.farewells.clear(blocks);
    outlet_of(session).commit(session, {out.data(), size});
    return Told::all;
}

// Its newest line, wherever that is by now: if it has left, that is told when it is looked up.
Switchboard::Told Switchboard::tell_now(const Subscription& subscription, std::uint32_t slot) {
    assert(lines_left_ > 0);
    --lines_left_;
    const table::Record& record = core_.table.at(slot);
    if (core_.expired(record.effective_ns)) return Told::all;
    if (subscription.kind == Subscription::Kind::area &&
        !subscription.area.holds(degrees_of(record.spot))) {
        return Told::all;
    }
    const std::uint32_t session = subscription.subscriber;
    if (!outlet_of(session).may_hear(session, core_.table.client(record))) return Told::all;
    const std::string_view line = core_.table.line(record);
    const std::size_t size = protocol::now_size(subscription.number, line);
    const Outlet::Flow flow = outlet_of(session).flow(session, size);
    if (flow == Outlet::Flow::full) return Told::no_room;
    if (flow == Outlet::Flow::blocked) return Told::blocked;
    const std::span<char> out = outlet_of(session).reserve(session, size);
    outlet_of(session).commit(session, protocol::format_now(out, subscription.number, line));
    ++core_.counters.pushed;
    return Told::all;
}

Switchboard::Told Switchboard::sweep(Subscription& subscription) {
    assert(subscription.kind == Subscription::Kind::area);
    if (subscription.swept == 0) {
        // Whatever has changed while it waited is in it.
        subscription.target = core_.table.feed().seq();
        subscription.sweeps_again = false;
    }
    geo::Cover cover;
    cover.take(subscription.area.centre(), subscription.area.radius_m());
    for (const geo::Cover::Run& run : cover.runs()) {
        if (run.end <= subscription.swept) continue;
        subscription.swept = std::max(subscription.swept, run.from);
        if (const Told told = sweep(subscription, run.end); told != Told::all) return told;
    }
    subscription.sweeping = false;
    if (subscription.sweeps_again) {
        sweep_from(subscription, subscription.target);
        return Told::no_turn;
    }
    return Told::all;
}

Switchboard::Told Switchboard::sweep(Subscription& subscription, std::uint64_t end) {
    std::array<std::uint64_t, 64> room{};
    while (true) {
        const std::span<const std::uint64_t> keys(room.data(),
                                                  tree_.copy(subscription.swept, end, room));
        for (const std::uint64_t key : keys) {
            if (lines_left_ == 0) return Told::no_turn;
            const std::uint32_t slot = geo::slot_of(key);
            if (core_.table.at(slot).seq > subscription.base) {
                if (const Told told = tell_now(subscription, slot); told != Told::all) return told;
                erase(subscription, slot);
            } else {
                --lines_left_;
            }
            subscription.swept = key + 1;
        }
        if (keys.size() < room.size()) break;
    }
    subscription.swept = end;
    return Told::all;
}

void Switchboard::check() const {
    subscriptions_.check();
    interests_.check();
    assert(cursor_.has_value() == (subscriptions_.size() > 0));
    std::uint32_t counted = 0;
    for (std::size_t session = 0; session < subscribers_.size(); ++session) {
        counted += subscribers_[session].count;
    }
    assert(counted == subscriptions_.size());
    std::uint32_t unknown = 0;
    std::uint32_t known = 0;
    std::array<std::uint32_t, 32> areas{};
    subscriptions_.for_each([&](const Subscription& each) {
        assert(each.number > 0);
        assert(each.due_count <= Subscription::due_max);
        each.farewells.check(core_.wire.blocks());
        if (each.kind == Subscription::Kind::area) {
            ++areas[geo::Squares(each.area.centre(), each.area.radius_m(), Interests::keys_max)
                        .size()];
        } else {
            ++(each.slot == table::no_record ? unknown : known);
            assert(!each.sweeping);
        }
    });
    assert(unknown == unknown_);
    assert(known == known_);
    assert(areas == areas_);
    for (std::size_t size = 0; size < areas_.size(); ++size) {
        assert((areas_[size] > 0) == ((sizes_ >> size & 1) == 1));
    }
}

}  // namespace herd::follow
