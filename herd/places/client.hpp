#pragma once

#include "herd/config/config.hpp"
#include "herd/places/budget.hpp"
#include "herd/places/fetcher.hpp"
#include "herd/places/lookup.hpp"
#include "herd/places/places.hpp"
#include "herd/places/provider.hpp"
#include "herd/places/trouble.hpp"
#include "herd/places/usual_time.hpp"
#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <string_view>

namespace herd::places {

// Decides what is asked of the Places service, when and how often, and sees to it that everyone who
// asks is answered in time; the asking itself is the fetcher's.
//
// Identical questions share one lookup. A lookup waits in a queue for a slot, keeps it over at most
// attempts_max attempts, and is decided by its deadline at the latest, which is that of whoever
// asked first; so nobody waits longer than `limits.places_deadline_ms`. Answers are handed out from
// a task, a few per iteration. All storage is mapped by open().
//
// A request is made only while it can be expected to be answered in time, by what recent ones took.
// With a budget a lookup waits in the queue for it, too; a question that those before it leave
// nothing for in time is refused at once. So what is paid for is of use, however many ask.
//
// Loop, fetcher and provider are borrowed and outlive this.
class Client final : public Places {
public:
    static constexpr std::uint8_t attempts_max = 2;
    static constexpr std::uint32_t answers_per_turn = 32;
    static constexpr reactor::Duration backoff_min = std::chrono::milliseconds(100);
    static constexpr reactor::Duration backoff_max = std::chrono::milliseconds(400);
    static_assert(backoff_min < backoff_max);
    // The fetcher gives up this long before the lookup does: normally it is the one to say why.
    static constexpr reactor::Duration reserve_max = std::chrono::milliseconds(100);
    // One retry for every ten lookups that went upstream, and a few on credit.
    static constexpr std::uint32_t lookups_per_retry = 10;
    static constexpr std::uint32_t retries_on_credit = 10;

    struct Counters {
        std::uint64_t questions = 0;   // begin() with a ticket
        std::uint64_t shared = 0;      // of these, joined a lookup already under way
        std::uint64_t refused = 0;     // begin() without a ticket
        std::uint64_t queue_full = 0;  // questions answered "busy"
        std::uint64_t cancelled = 0;   // questions taken back
        std::uint64_t lookups = 0;     // that were queued
        std::uint64_t requests = 0;    // sent upstream, retries included
        std::uint64_t retries = 0;
        std::uint64_t retries_denied = 0;  // for want of credit, or of budget
        std::uint64_t answered = 0;        // lookups settled with places, or with none to be found
        std::uint64_t failed = 0;          // lookups settled with an error
        std::uint64_t watchdog = 0;        // transfers that outlived their own limit
        // Attempts that failed, lookups that timed out and questions turned away, by Trouble.
        std::array<std::uint64_t, trouble_kinds> troubles{};
    };

    Client(reactor::Loop& loop, Fetcher& fetcher, const Provider& provider);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // Once, first. Fails with ENOMEM.
    reactor::Result<void> open(const config::Limits& limits);

    // Before the first question, where requests cost money.
    void bound(const Budget& budget) {
        budget_ = budget;
        bounded_ = true;
    }
    bool bounded() const { return bounded_; }
    // From now on.
    void bound_anew(std::uint32_t per_second, std::uint32_t per_day) {
        budget_.change(per_second, per_day);
        turn_.post();
    }

    // Nobody waits longer than this from now on, those included who wait already.
    void limit_time(reactor::Duration limit) {
        assert(limit > reactor::Duration::zero());
        time_limit_ = limit;
        reserve_ = std::min(reserve_max, limit / 8);
        usual_time_.bound((limit - reserve_) / 8 * 7);
        // What would be due later is due then: so the order of deadlines stays.
        for (Lookup* at = by_deadline_.front(); at != nullptr; at = by_deadline_.next(*at)) {
            at->deadline = std::min(at->deadline, loop_.now() + limit);
        }
        if (const Lookup* first = by_deadline_.front()) deadline_.start_at(first->deadline);
    }

    // Is told of each trouble as it is counted, for the log; of over_budget at most once a second.
    // Must not call back.
    void tell(reactor::Delegate<void(Trouble)> troubled) { troubled_ = troubled; }

    Ticket begin(const protocol::PlacesQuery& query, Answered answered) override;
    void cancel(Ticket ticket) override;
    Tally tally() const override {
        return {.lookups = counters_.lookups,
                .shared = counters_.shared,
                .requests = counters_.requests,
                .retries = counters_.retries,
                .failed = counters_.failed,
                .busy = counters_.queue_full,
                .cancelled = counters_.cancelled,
                .troubles = counters_.troubles,
                .trouble_name = &trouble_name,
                .times = &usual_time_.times()};
    }

    const Counters& counters() const { return counters_; }
    std::uint32_t waiting() const { return waiters_.size(); }
    std::uint32_t queued() const { return queued_; }
    std::uint32_t slots_taken() const { return slots_taken_; }

    // Asserts what must hold between calls. O(n), for tests.
    void check() const;

private:
    static void make_standing(Lookup& lookup);
    static void refuse_with(Lookup& lookup, Trouble trouble);

    Lookup& lookup_for(const protocol::PlacesQuery& query);
    Lookup* new_lookup(const protocol::PlacesQuery& query, const LookupKey& key);
    void attach(Waiter& waiter);
    void leave(Lookup& lookup);

    void on_turn();
    void on_fetcher_ready() { turn_.post(); }
    void hand_out();
    void admit();
    void await_budget(reactor::Instant next);
    void on_budget() { turn_.post(); }
    protocol::CutPlaces answer_of(const Lookup& lookup);

    void fetch(Lookup& lookup);
    void on_fetched(std::uint32_t slot, const FetchResult& result);
    bool back_off(Lookup& lookup, Trouble trouble);
    void on_backoff();
    void on_deadline();

    void settle(Lookup& lookup);
    void fail(Lookup& lookup, Trouble trouble);
    void close(Lookup& lookup);
    void take_slot(Lookup& lookup);
    void free_slot(Lookup& lookup);
    void count(Trouble trouble);
    reactor::Duration time_left(const Lookup& lookup) const {
        return lookup.deadline - loop_.now();
    }
    // Whether a request is expected to be answered before `deadline`, if it is made at `start`.
    bool is_early_enough(reactor::Instant start, reactor::Instant deadline) const {
        return start + usual_time_.expected() + reserve_ < deadline;
    }
    void check_lookup(const Lookup& lookup) const;
    void check_lists() const;

    reactor::Loop& loop_;
    Fetcher& fetcher_;
    const Provider& provider_;
    Counters counters_;
    reactor::Delegate<void(Trouble)> troubled_;
    Budget budget_;
    bool bounded_ = false;
    UsualTime usual_time_;
    reactor::Instant told_over_budget_{};
    reactor::Duration time_limit_{};  // from begin() to the answer
    reactor::Duration reserve_{};
    std::uint32_t queue_max_ = 0;
    std::uint32_t queued_ = 0;
    std::uint32_t slots_ = 0;
    std::uint32_t slots_taken_ = 0;
    std::uint32_t buffer_size_ = 0;
    std::uint32_t retry_credit_ = lookups_per_retry * retries_on_credit;

    reactor::Slab<Waiter> waiters_;
    reactor::Slab<Lookup> lookups_;
    LookupTable table_;
    reactor::PageArray<Lookup*> by_slot_;  // null: free
    reactor::PageArray<char> buffers_;     // one per slot, for what its lookup answers
    Provider::Buffer request_buffer_{};
    std::array<char, protocol::places_failure_size_min> failure_buffer_{};

    Lookup busy_;                                    // of those who come when the queue is full
    Lookup unaffordable_;                            // of those who come when the budget is spent
    Lookup nowhere_;                                 // of those whose radius is 0
    reactor::List<Lookup, ByDeadline> by_deadline_;  // not settled: the next to expire first
    reactor::List<Lookup, ByTurn> queue_;
    reactor::List<Waiter> ready_;  // of settled lookups, to be answered
    reactor::Task turn_;
    reactor::Timer deadline_;
    reactor::Timer backoff_;
    reactor::Timer affordable_;  // The budget allows the next in the queue.
};

}  // namespace herd::places
