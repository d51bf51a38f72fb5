#pragma once

#include "bench/ledger.hpp"
#include "bench/observer.hpp"
#include "bench/session.hpp"
#include "bench/target.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace bench {

// The observers of all servers that have one, and what has come to them.
class Watchers {
public:
    static constexpr std::uint32_t connections_max = Observer::sessions_max;  // of an observer
    static std::uint32_t connections(const Target& target);                   // of all together

    // `seen` is told of what is newer than all that its observer has seen of that client, and of
    // what comes late; not of duplicates. Sighting::observer is the server's number.
    Watchers(Session& session, const Target& target, std::uint32_t clients, Seen seen);

    // Throws CannotMeasure when the target has no observers, or one cannot listen.
    void open();
    // Knocks until every observer has seen something, and forgets that; throws CannotMeasure when
    // it takes long. From then on what was sent before does not count.
    template <class Knock>
    void await(Session& session, Knock knock) {
        const reactor::Instant end = this_moment() + timeout;
        while (!all_awake()) {
            if (this_moment() >= end) fail();
            knock();
            session.run_until([this] { return all_awake(); }, knock_interval);
        }
        for (Arrivals& each : arrivals_) each.forget();
        since_ = session.posix_ns(this_moment());
    }

    // Stamps before it do not count.
    std::int64_t since() const { return since_; }

    std::size_t count() const { return servers_.size(); }
    // Of one server, which must have an observer.
    Arrivals& arrivals(std::size_t server) { return arrivals_[slot_[server]]; }
    const Arrivals& arrivals(std::size_t server) const { return arrivals_[slot_[server]]; }
    bool watched(std::size_t server) const { return slot_[server] != unwatched; }

    // Over all observers.
    std::uint64_t total() const;
    std::uint64_t duplicates() const;
    std::uint64_t overtaken() const;
    Arrivals::Shortfall shortfall(const Ledger& sent) const;

private:
    static constexpr reactor::Duration timeout = std::chrono::seconds(15);
    static constexpr reactor::Duration knock_interval = std::chrono::milliseconds(100);
    static constexpr std::size_t unwatched = SIZE_MAX;

    void on_seen(const Sighting& sighting);
    bool all_awake() const;
    [[noreturn]] void fail() const;

    const Target& target_;
    Seen seen_;
    std::vector<std::size_t> servers_;  // that are watched
    std::vector<std::size_t> slot_;     // by server: its place in what follows, or unwatched
    std::deque<Observer> observers_;
    std::deque<Arrivals> arrivals_;
    std::int64_t since_ = 0;  // older stamps are passed over
};

}  // namespace bench
