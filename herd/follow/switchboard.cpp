// Who follows what, and what has changed for them.
#include "herd/follow/switchboard.hpp"

#include "herd/geo/cell.hpp"
#include "herd/geo/squares.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace herd::follow {

namespace {

using protocol::Spot;

// Subscriptions and records that are looked at in one iteration.
constexpr std::uint32_t looks_per_turn = 4096;

bool holds(const Subscription& subscription, Spot spot) {
    return spot != nowhere && subscription.area.holds(degrees_of(spot));
}

// Keys of the three kinds of interests.
constexpr std::uint64_t square_key(unsigned size, std::uint32_t row, std::uint32_t column) {
    static_assert(geo::Cell::row_max < 1U << 28 && geo::Cell::column_max < 1U << 28);
    return std::uint64_t{1} << 63 | std::uint64_t{size} << 56 | std::uint64_t{row} << 28 | column;
}
std::uint64_t square_key(unsigned size, geo::Cell cell) {
    return square_key(size, cell.row >> size, cell.column >> size);
}
bool in_one_square(unsigned size, geo::Cell one, geo::Cell other) {
    return ((one.row ^ other.row) | (one.column ^ other.column)) >> size == 0;
}
constexpr std::uint64_t record_key(std::uint32_t slot) {
    return std::uint64_t{1} << 62 | slot;
}
constexpr std::uint64_t name_key(const Identity& identity) {
    return identity.first >> 2;
}

template <class Visit>
void each_square(const geo::Circle& area, Visit visit) {
    const geo::Squares squares(area.centre(), area.radius_m(), Interests::keys_max);
    squares.each([&](std::uint32_t row, std::uint32_t column) {
        visit(square_key(squares.size(), row, column));
    });
}

std::uint64_t sessions_max(const config::Limits& limits) {
    return std::uint64_t{limits.connections} + limits.http_connections;
}

unsigned square_size(const geo::Circle& area) {
    return geo::Squares(area.centre(), area.radius_m(), Interests::keys_max).size();
}

}  // namespace

Switchboard::Switchboard(Core& core, const geo::KeyTree& tree, Outlet& outlet)
    : core_(core),
      tree_(tree),
      outlet_(outlet),
      first_hash_(reactor::sys::random_bits(), reactor::sys::random_bits()),
      second_hash_(reactor::sys::random_bits(), reactor::sys::random_bits()) {}

Switchboard::~Switchboard() {
    subscriptions_.for_each([&](Subscription& each) { each.farewells.clear(core_.wire.blocks()); });
    if (cursor_) take_leave();
}

std::uint64_t Switchboard::memory_max(const config::Limits& limits) {
    return Interests::memory_max(limits.subscriptions) +
           std::uint64_t{limits.subscriptions} * reactor::Slab<Subscription>::slot_size +
           sessions_max(limits) * sizeof(Subscriber) + std::uint64_t{limits.clients} * sizeof(Spot);
}

reactor::Result<void> Switchboard::map() {
    const config::Limits& limits = core_.limits;
    auto subscribers = reactor::PageArray<Subscriber>::map(sessions_max(limits));
    if (!subscribers) return std::unexpected(subscribers.error());
    auto before = reactor::PageArray<Spot>::map(limits.clients);
    if (!before) return std::unexpected(before.error());
    subscribers_ = std::move(*subscribers);
    before_ = std::move(*before);
    if (auto mapped = subscriptions_.map(limits.subscriptions); !mapped) return mapped;
    return interests_.map(limits.subscriptions, reactor::sys::random_bits());
}

std::optional<std::uint16_t> Switchboard::follow(std::uint32_t session, const geo::Circle& area) {
    if (is_crowded(area)) return std::nullopt;
    Subscription* const made = add(session);
    if (made == nullptr) return std::nullopt;
    made->area = area;
    const std::uint32_t index = subscriptions_.index(*made);
    each_square(area, [&](std::uint64_t key) { interests_.add(index, key); });
    const unsigned size = square_size(area);
    ++areas_[size];
    sizes_ |= 1U << size;
    sweep_from(*made, 0);
    mark_due(*made);
    return made->number;
}

std::optional<std::uint16_t> Switchboard::follow(std::uint32_t session, std::string_view client) {
    const Identity wanted = identity(client);
    const table::Record* const record = core_.table.find(client);
    const std::uint64_t key =
        record == nullptr ? name_key(wanted) : record_key(core_.table.slot(*record));
    if (interests_.count(key) >= followers_max) return std::nullopt;
    Subscription* const made = add(session);
    if (made == nullptr) return std::nullopt;
    made->kind = Subscription::Kind::client;
    made->identity = wanted;
    interests_.add(subscriptions_.index(*made), key);
    if (record == nullptr) {  // Until somebody reports as that client.
        ++unknown_;
        made->slot = table::no_record;
        return made->number;
    }
    ++known_;
    made->slot = core_.table.slot(*record);
    made->due[made->due_count++] = made->slot;
    mark_due(*made);
    return made->number;
}

bool Switchboard::is_crowded(const geo::Circle& area) const {
    bool crowded = false;
    each_square(
        area, [&](std::uint64_t key) { crowded = crowded || interests_.count(key) >= crowd_max; });
    return crowded;
}

Identity Switchboard::identity(std::string_view client) const {
    return {first_hash_(client), second_hash_(client)};
}

// With the first who is to be told, the table's changes begin to matter.
void Switchboard::wake() {
    if (cursor_) return;
    cursor_.emplace(core_.table.feed());
    cursor_->seek_end();
    core_.table.show_changes(this);
    core_.table.show_removals(*this);
}

void Switchboard::take_leave() {
    core_.table.show_changes(nullptr);
    unlink();
    cursor_.reset();
}

Subscription* Switchboard::add(std::uint32_t session) {
    Subscriber& subscriber = subscribers_[session];
    if (subscriber.count == core_.limits.subscriptions_per_client) return nullptr;
    Subscription* const made = subscriptions_.emplace();
    if (made == nullptr) return nullptr;
    wake();
    made->subscriber = session;
    made->number = next_number(session);
    const std::uint32_t index = subscriptions_.index(*made);
    made->next = index;
    if (subscriber.count > 0) {
        made->next = std::exchange(subscriptions_[subscriber.last].next, index);
    }
    subscriber.last = index;
    ++subscriber.count;
    return made;
}

// They come round again after 65,535.
std::uint16_t Switchboard::next_number(std::uint32_t session) {
    Subscriber& subscriber = subscribers_[session];
    const auto taken = [&](std::uint16_t number) {
        std::uint32_t index = subscriber.last;
        for (std::uint16_t i = 0; i < subscriber.count; ++i) {
            if (subscriptions_[index].number == number) return true;
            index = subscriptions_[index].next;
        }
        return false;
    };
    do {
        ++subscriber.number;
    } while (subscriber.number == 0 || taken(subscriber.number));
    return subscriber.number;
}

bool Switchboard::unfollow(std::uint32_t session, std::uint16_t number) {
    Subscriber& subscriber = subscribers_[session];
    std::uint32_t before = subscriber.last;
    for (std::uint16_t i = 0; i < subscriber.count; ++i) {
        const std::uint32_t next = subscriptions_[before].next;
        if (subscriptions_[next].number == number) {
            remove(session, before);
            return true;
        }
        before = next;
    }
    return false;
}

void Switchboard::forget(std::uint32_t session) {
    Subscriber& subscriber = subscribers_[session];
    while (subscriber.count > 0) remove(session, subscriber.last);
    subscriber.number = 0;
}

// The one behind `before` in its session's ring.
void Switchboard::remove(std::uint32_t session, std::uint32_t before) {
    Subscriber& subscriber = subscribers_[session];
    assert(subscriber.count > 0);
    const std::uint32_t index = subscriptions_[before].next;
    Subscription& gone = subscriptions_[index];
    assert(gone.subscriber == session);
    subscriptions_[before].next = gone.next;
    if (subscriber.last == index) subscriber.last = before;
    --subscriber.count;
    interests_.remove(index);
    if (gone.kind == Subscription::Kind::area) {
        const unsigned size = square_size(gone.area);
        if (--areas_[size] == 0) sizes_ &= ~(1U << size);
    } else if (gone.slot == table::no_record) {
        --unknown_;
    } else {
        --known_;
    }
    gone.farewells.clear(core_.wire.blocks());
    subscriptions_.release(gone);
    if (subscriptions_.size() == 0) take_leave();
}

void Switchboard::start_over(std::uint32_t session) {
    const Subscriber& subscriber = subscribers_[session];
    std::uint32_t index = subscriber.last;
    for (std::uint16_t i = 0; i < subscriber.count; ++i) {
        start_over(subscriptions_[index]);
        index = subscriptions_[index].next;
    }
}

void Switchboard::start_over(Subscription& subscription) {
    ++core_.counters.follows_restarted;
    subscription.farewells.clear(core_.wire.blocks());
    subscription.due_count = 0;
    subscription.starts_over = true;
    if (subscription.kind == Subscription::Kind::area) {
        sweep_from(subscription, 0);
    } else if (subscription.slot != table::no_record) {
        subscription.due[subscription.due_count++] = subscription.slot;
    }
    mark_due(subscription);
}

void Switchboard::sweep_from(Subscription& subscription, std::uint64_t base) const {
    subscription.sweeping = true;
    subscription.sweeps_again = false;
    subscription.swept = 0;
    subscription.base = base;
    subscription.target = core_.table.feed().seq();
}

// What it was when the cursor passed it; of later changes nobody has been told.
void Switchboard::before_change(std::uint32_t slot) {
    const table::Record& record = core_.table.at(slot);
    if (record.seq > cursor_->passed()) return;
    before_[slot] = record.seq == 0 ? nowhere : record.spot;
}

void Switchboard::before_removal(std::uint32_t slot) {
    const table::Record& record = core_.table.at(slot);
    const bool known = record.seq <= cursor_->passed();
    const std::string_view client = core_.table.client(record);
    const Spot was = known ? record.spot : before_[slot];
    if (was != nowhere) {
        const geo::Cell cell = geo::Cell::of(was);
        each_size([&](unsigned size) { part(square_key(size, cell), was, nowhere, slot); });
    }
    if (known_ == 0) return;
    interests_.move(record_key(slot), name_key(identity(client)), [&](std::uint32_t index) {
        Subscription& subscription = subscriptions_[index];
        if (subscription.slot != slot) return false;
        --known_;
        ++unknown_;
        subscription.slot = table::no_record;
        leave(subscription, slot, client);
        return true;
    });
}

void Switchboard::look() {
    looks_left_ = looks_per_turn;
    while (const table::Record* const record = cursor_->peek()) {
        if (looks_left_ == 0) return;
        const std::uint32_t slot = core_.table.slot(*record);
        look_up(slot);
        cursor_->advance();
        looks_left_ -= std::min(looks_left_, 1U);
    }
}

void Switchboard::look_up(std::uint32_t slot) {
    const table::Record& record = core_.table.at(slot);
    const Spot was = before_[slot];
    if (was == nowhere && unknown_ > 0) welcome(slot, core_.table.client(record));
    if (known_ > 0) {
        interests_.visit(record_key(slot), [&](std::uint32_t index) {
            Subscription& subscription = subscriptions_[index];
            looks_left_ -= std::min(looks_left_, 1U);
            if (subscription.slot == slot) enter(subscription, slot);
        });
    }
    const Spot is = record.spot;
    const geo::Cell cell = geo::Cell::of(is);
    const geo::Cell cell_before = was == nowhere ? cell : geo::Cell::of(was);
    each_size([&](unsigned size) {
        const bool stays = in_one_square(size, cell, cell_before);
        visit_areas(square_key(size, cell), [&](Subscription& subscription) {
            if (holds(subscription, is)) {
                enter(subscription, slot);
            } else if (stays && holds(subscription, was)) {
                leave(subscription, slot, core_.table.client(record));
            }
        });
        if (!stays) part(square_key(size, cell_before), was, is, slot);
    });
}

// Those who have waited for it.
void Switchboard::welcome(std::uint32_t slot, std::string_view client) {
    const Identity wanted = identity(client);
    interests_.move(name_key(wanted), record_key(slot), [&](std::uint32_t index) {
        Subscription& each = subscriptions_[index];
        const bool waits = each.kind == Subscription::Kind::client &&
                           each.slot == table::no_record && each.identity == wanted;
        if (!waits) return false;
        --unknown_;
        ++known_;
        each.slot = slot;
        return true;
    });
}

// The sizes of which there are any squares.
template <class Visit>
void Switchboard::each_size(Visit visit) const {
    for (std::uint32_t rest = sizes_; rest != 0; rest &= rest - 1) {
        visit(static_cast<unsigned>(std::countr_zero(rest)));
    }
}

// Those who follow an area that touches that square.
template <class Visit>
void Switchboard::visit_areas(std::uint64_t square, Visit visit) {
    interests_.visit(square, [&](std::uint32_t index) {
        looks_left_ -= std::min(looks_left_, 1U);
        Subscription& subscription = subscriptions_[index];
        if (subscription.kind == Subscription::Kind::area) visit(subscription);
    });
}

// All areas of that square that held it where it was, and do not where it is now.
void Switchboard::part(std::uint64_t square, Spot was, Spot is, std::uint32_t slot) {
    visit_areas(square, [&](Subscription& subscription) {
        if (holds(subscription, was) && !holds(subscription, is)) {
            leave(subscription, slot, core_.table.client(core_.table.at(slot)));
        }
    });
}

}  // namespace herd::follow
