#include "herd/places/client.hpp"

#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

// The life of a lookup:
//
//    begin()          a slot is free          an answer, or trouble for good
//   ---------> queued --------------> fetching ----------------------> settled ---> (released)
//                 |                    |    ^                             ^    last answer handed
//                 out |   trouble for now  v    |  backoff over               | | backing_off |
//                 +-------------------- deadline -------------------------+
//
// Whenever its last waiter cancels, a lookup is released at once, its transfer abandoned. Slots are
// kept until the last answer is handed out, as that is a view of the slot's buffer; a failure needs
// no buffer and gives its slot back when it is settled.
namespace herd::places {

namespace {

using State = Lookup::State;

template <class List>
void unlink(Lookup& lookup) {
    static_cast<reactor::ListItem<List>&>(lookup).unlink();
}

reactor::Handle<Waiter> to_handle(Ticket ticket) {
    return {ticket.index, ticket.generation};
}

// The backoff before a second attempt: spread, so that those who failed together do not return
// together.
reactor::Duration backoff_time() {
    const auto spread = Client::backoff_max - Client::backoff_min;
    const auto part = reactor::sys::random_bits() % static_cast<std::uint64_t>(spread.count());
    return Client::backoff_min + reactor::Duration(part);
}

}  // namespace

Client::Client(reactor::Loop& loop, Fetcher& fetcher, const Provider& provider)
    : loop_(loop),
      fetcher_(fetcher),
      provider_(provider),
      turn_(loop, reactor::Phase::work, reactor::Delegate<void()>::to<&Client::on_turn>(*this)),
      deadline_(loop, reactor::Delegate<void()>::to<&Client::on_deadline>(*this)),
      backoff_(loop, reactor::Delegate<void()>::to<&Client::on_backoff>(*this)),
      affordable_(loop, reactor::Delegate<void()>::to<&Client::on_budget>(*this)) {
    refuse_with(busy_, Trouble::busy);
    refuse_with(unaffordable_, Trouble::over_budget);
    make_standing(nowhere_);
}

Client::~Client() {
    lookups_.for_each([this](Lookup& lookup) {
        if (lookup.state == State::fetching) fetcher_.abandon(lookup.slot);
    });
}

void Client::make_standing(Lookup& lookup) {
    assert(!lookup.standing);
    lookup.standing = true;
    lookup.state = State::settled;
}

void Client::refuse_with(Lookup& lookup, Trouble trouble) {
    make_standing(lookup);
    lookup.failed = true;
    lookup.trouble = trouble;
}

reactor::Result<void> Client::open(const config::Limits& limits) {
    assert(slots_ == 0);
    assert(limits.places_in_flight > 0);
    assert(limits.places_body_max > 0);
    slots_ = limits.places_in_flight;
    queue_max_ = limits.places_queue;
    limit_time(std::chrono::milliseconds(limits.places_deadline_ms));
    buffer_size_ = limits.places_body_max;
    const std::uint32_t lookups = slots_ + queue_max_;
    if (auto mapped = waiters_.map(limits.connections); !mapped) return mapped;
    if (auto mapped = lookups_.map(lookups); !mapped) return mapped;
    if (auto mapped = table_.map(lookups); !mapped) return mapped;
    auto by_slot = reactor::PageArray<Lookup*>::map(slots_);
    if (!by_slot) return std::unexpected(by_slot.error());
    by_slot_ = std::move(*by_slot);
    auto buffers = reactor::PageArray<char>::map(std::size_t{slots_} * buffer_size_);
    if (!buffers) return std::unexpected(buffers.error());
    buffers_ = std::move(*buffers);
    fetcher_.report_to(Fetcher::Fetched::to<&Client::on_fetched>(*this),
                       reactor::Delegate<void()>::to<&Client::on_fetcher_ready>(*this));
    return {};
}

Ticket Client::begin(const protocol::PlacesQuery& query, Answered answered) {
    assert(answered);
    assert(slots_ > 0);
    if (waiters_.full()) {
        ++counters_.refused;
        return {};
    }
    ++counters_.questions;
    Waiter* waiter = waiters_.emplace(lookup_for(query), answered);
    assert(waiter != nullptr);
    attach(*waiter);
    turn_.post();
    const auto handle = waiters_.handle(*waiter);
    return {handle.index, handle.generation};
}

void Client::cancel(Ticket ticket) {
    Waiter* waiter = waiters_.find(to_handle(ticket));
    if (waiter == nullptr) return;
    ++counters_.cancelled;
    Lookup& lookup = waiter->lookup;
    waiter->unlink();
    waiters_.release(*waiter);
    leave(lookup);
}

Lookup& Client::lookup_for(const protocol::PlacesQuery& query) {
    if (!Provider::can_ask(query)) return nowhere_;
    const auto key = LookupKey::of(query);
    if (Lookup* shared = table_.find(key)) {
        ++counters_.shared;
        return *shared;
    }
    if (!is_early_enough(budget_.next(loop_.now(), queued_), loop_.now() + time_limit_)) {
        count(Trouble::over_budget);
        return unaffordable_;
    }
    if (Lookup* lookup = new_lookup(query, key)) return *lookup;
    ++counters_.queue_full;
    count(Trouble::busy);
    return busy_;
}

// Null when the queue is full. What is queued may go on to a free slot, so these count as well.
Lookup* Client::new_lookup(const protocol::PlacesQuery& query, const LookupKey& key) {
    assert(slots_taken_ <= slots_);
    if (queued_ >= queue_max_ + (slots_ - slots_taken_)) return nullptr;
    Lookup* lookup = lookups_.emplace();
    if (lookup == nullptr) return nullptr;
    ++counters_.lookups;
    lookup->key = key;
    lookup->query = query;
    lookup->deadline = loop_.now() + time_limit_;
    table_.insert(*lookup);
    by_deadline_.push_back(*lookup);
    queue_.push_back(*lookup);
    ++queued_;
    if (!deadline_.pending()) deadline_.start_at(lookup->deadline);
    return lookup;
}

void Client::attach(Waiter& waiter) {
    assert(!waiter.linked());
    Lookup& lookup = waiter.lookup;
    ++lookup.waiting;
    (lookup.state == State::settled ? ready_ : lookup.waiters).push_back(waiter);
}

// One waiter less; with the last one the lookup goes.
void Client::leave(Lookup& lookup) {
    assert(lookup.waiting > 0);
    if (--lookup.waiting > 0 || lookup.standing) return;
    if (lookup.state != State::settled) close(lookup);
    free_slot(lookup);
    lookups_.release(lookup);
}

void Client::on_turn() {
    hand_out();
    admit();
    if (!ready_.empty()) turn_.post();
}

void Client::hand_out() {
    for (std::uint32_t i = 0; i < answers_per_turn; ++i) {
        Waiter* waiter = ready_.pop();
        if (waiter == nullptr) return;
        Lookup& lookup = waiter->lookup;
        assert(lookup.state == State::settled);
        const Answered answered = waiter->answered;
        waiters_.release(*waiter);
        // The lookup still counts this waiter: whatever is cancelled in the call, its text stays.
        answered(answer_of(lookup));
        leave(lookup);
    }
}

void Client::admit() {
    if (queue_.empty() || !fetcher_.prepare()) return;
    const std::uint32_t limit = std::min(slots_, fetcher_.concurrency_limit());
    while (slots_taken_ < limit) {
        Lookup* lookup = queue_.front();
        if (lookup == nullptr) return;
        if (!is_early_enough(loop_.now(), lookup->deadline)) {
            fail(*lookup, Trouble::timed_out);
            continue;
        }
        const reactor::Instant affordable = budget_.next(loop_.now());
        if (affordable > loop_.now()) return await_budget(affordable);
        assert(lookup->state == State::queued);
        assert(queued_ > 0);
        unlink<ByTurn>(*lookup);
        --queued_;
        take_slot(*lookup);
        budget_.spend(loop_.now());
        retry_credit_ = std::min(retry_credit_ + 1, lookups_per_retry * retries_on_credit);
        fetch(*lookup);
    }
}

// Whom the next request would come too late for is told so now.
void Client::await_budget(reactor::Instant next) {
    assert(next > loop_.now());
    while (Lookup* lookup = queue_.front()) {
        if (is_early_enough(next, lookup->deadline)) break;
        fail(*lookup, Trouble::over_budget);
    }
    if (!queue_.empty()) affordable_.start_at(next);
}

protocol::CutPlaces Client::answer_of(const Lookup& lookup) {
    assert(lookup.state == State::settled);
    if (lookup.failed) {
        const TroubleFacts& why = facts(lookup.trouble);
        return {protocol::format_places_failure(failure_buffer_, why.status, why.message)};
    }
    if (!lookup.standing) return lookup.answer;
    return {protocol::format_no_places(failure_buffer_, protocol::PlacesStatus::zero_results)};
}

void Client::fetch(Lookup& lookup) {
    assert(lookup.slot != Lookup::no_slot);
    assert(by_slot_[lookup.slot] == &lookup);
    assert(lookup.attempts < attempts_max);
    assert(lookup.state == State::queued || lookup.state == State::backing_off);
    ++counters_.requests;
    ++lookup.attempts;
    lookup.state = State::fetching;
    lookup.asked = loop_.now();
    const auto limit =
        std::max<reactor::Duration>(time_left(lookup) - reserve_, std::chrono::milliseconds(1));
    fetcher_.start(lookup.slot, provider_.request(lookup.query, request_buffer_), limit);
}

void Client::on_fetched(std::uint32_t slot, const FetchResult& result) {
    assert(slot < slots_);
    assert(by_slot_[slot] != nullptr);
    Lookup& lookup = *by_slot_[slot];
    assert(lookup.state == State::fetching);
    assert(lookup.slot == slot);
    lookup.state = State::backing_off;
    turn_.post();  // The fetcher may allow more at a time now.
    const std::span<char> buffer(&buffers_[std::size_t{slot} * buffer_size_], buffer_size_);
    const auto answer = provider_.read(result, buffer);
    const reactor::Duration time = loop_.now() - lookup.asked;
    if (answer) {
        ++counters_.answered;
        usual_time_.note_answer(time);
        lookup.answer = *answer;
        return settle(lookup);
    }
    usual_time_.note_failure(time);
    if (!back_off(lookup, answer.error())) fail(lookup, answer.error());
}

// Lets the lookup try again after a backoff, if that is of use, in time and within the budget.
bool Client::back_off(Lookup& lookup, Trouble trouble) {
    assert(lookup.state == State::backing_off);
    assert(lookup.attempts > 0);
    if (!facts(trouble).worth_retry || lookup.attempts == attempts_max) return false;
    const reactor::Duration backoff = backoff_time();
    const reactor::Instant resumes = loop_.now() + backoff;
    if (!is_early_enough(resumes + reserve_, lookup.deadline)) return false;
    if (retry_credit_ < lookups_per_retry || budget_.is_over(loop_.now())) {
        ++counters_.retries_denied;
        return false;
    }
    retry_credit_ -= lookups_per_retry;
    budget_.spend(loop_.now());
    ++counters_.retries;
    count(trouble);
    lookup.resumes = resumes;
    if (!backoff_.pending() || lookup.resumes < backoff_.due()) backoff_.start_at(lookup.resumes);
    return true;
}

void Client::on_backoff() {
    assert(!backoff_.pending());
    auto next = reactor::Instant::max();
    for (std::uint32_t slot = 0; slot < slots_; ++slot) {
        Lookup* lookup = by_slot_[slot];
        if (lookup == nullptr || lookup->state != State::backing_off) continue;
        if (lookup->resumes <= loop_.now()) {
            fetch(*lookup);
        } else {
            next = std::min(next, lookup->resumes);
        }
    }
    if (next != reactor::Instant::max()) backoff_.start_at(next);
}

// Decides what is late. A transfer that is still under way here has failed to end by itself.
void Client::on_deadline() {
    assert(!deadline_.pending());
    while (Lookup* lookup = by_deadline_.front()) {
        if (lookup->deadline > loop_.now()) {
            deadline_.start_at(lookup->deadline);
            return;
        }
        if (lookup->state == State::fetching) {
            ++counters_.watchdog;
            usual_time_.note_failure(loop_.now() - lookup->asked);
        }
        const bool unaffordable = lookup->state == State::queued && budget_.is_over(loop_.now());
        fail(*lookup, unaffordable ? Trouble::over_budget : Trouble::timed_out);
    }
}

void Client::fail(Lookup& lookup, Trouble trouble) {
    assert(!lookup.standing);
    assert(!lookup.failed);
    ++counters_.failed;
    count(trouble);
    lookup.failed = true;
    lookup.trouble = trouble;
    settle(lookup);
    free_slot(lookup);
}

void Client::settle(Lookup& lookup) {
    assert(lookup.waiting > 0);
    close(lookup);
    ready_.steal(lookup.waiters);
    assert(lookup.waiters.empty());
    turn_.post();
}

// Takes the lookup out of all that could still change it, or add to it.
void Client::close(Lookup& lookup) {
    assert(lookup.state != State::settled);
    if (lookup.state == State::fetching) fetcher_.abandon(lookup.slot);
    if (lookup.state == State::queued) {
        assert(queued_ > 0);
        unlink<ByTurn>(lookup);
        --queued_;
    }
    unlink<ByDeadline>(lookup);
    table_.remove(lookup);
    lookup.state = State::settled;
}

void Client::take_slot(Lookup& lookup) {
    assert(slots_taken_ < slots_);
    assert(lookup.slot == Lookup::no_slot);
    std::uint32_t slot = 0;
    while (by_slot_[slot] != nullptr) ++slot;
    by_slot_[slot] = &lookup;
    lookup.slot = slot;
    ++slots_taken_;
}

// The next in the queue gets it in the next turn.
void Client::free_slot(Lookup& lookup) {
    if (lookup.slot == Lookup::no_slot) return;
    assert(by_slot_[lookup.slot] == &lookup);
    assert(slots_taken_ > 0);
    by_slot_[lookup.slot] = nullptr;
    lookup.slot = Lookup::no_slot;
    --slots_taken_;
    turn_.post();
}

void Client::count(Trouble trouble) {
    ++counters_.troubles[std::to_underlying(trouble)];
    if (trouble == Trouble::over_budget) {
        if (loop_.now() - told_over_budget_ < std::chrono::seconds(1)) return;
        told_over_budget_ = loop_.now();
    }
    if (troubled_) troubled_(trouble);
}

}  // namespace herd::places
