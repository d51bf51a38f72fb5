#pragma once

#include "bench/commands.hpp"
#include "bench/connection.hpp"
#include "bench/histogram.hpp"
#include "bench/ledger.hpp"
#include "bench/pacer.hpp"
#include "bench/picker.hpp"
#include "bench/session.hpp"
#include "bench/target.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace bench {

// Reports at a fixed rate, whatever the servers do: a slow server gets no fewer of them. They enter
// in bursts, at one connection to each entry server in turn. Every client has one entry server.
// A report's stamp is the time when it was due.
class OpenLoop {
public:
    struct Shape {
        std::vector<std::size_t> entries;  // numbers of servers; a server may stand there twice
        std::uint32_t clients = 1;         // at least one per entry
        double per_second = 1;             // reports
        std::uint32_t burst = 1;
    };
    static constexpr std::uint32_t burst_max = 2048;

    OpenLoop(Session& session, const Target& target, const Shape& shape);
    // What stands for a report here.
    OpenLoop(Session& session, const Target& target, const Shape& shape, Commands commands);

    // Told of each burst that has been answered.
    void on_answered(Connection::Answered answered);

    // Throws CannotMeasure when an entry server cannot be reached.
    void connect(Protocol protocol);
    // What was sent until now is forgotten.
    void start();
    void stop() { pacer_.stop(); }
    // From now on only the first half of the clients report.
    void park_half();
    // One report at each entry, now: what shows that a system is up.
    void knock();
    // All that was said has been answered, or its connection is lost, or no answer is expected.
    bool idle() const { return waiting() == 0; }
    std::uint64_t waiting() const;
    // These, and those whose connection was lost before.
    std::uint64_t unanswered() const;
    // Connections that the server has ended.
    std::uint32_t lost() const;

    // Which of Shape::entries a client reports at.
    std::size_t entry_of(std::uint32_t client) const { return client % shape_.entries.size(); }
    // A lost connection's reports are not sent.
    Connection& connection(std::size_t entry) { return entries_[entry].connection; }

    const Ledger& sent() const { return sent_; }
    std::uint64_t answered() const;
    std::uint64_t wrong() const;
    std::uint64_t unsent() const { return unsent_; }
    // Sent, but not taken by the kernel yet, in bytes: of a server that does not keep up.
    std::size_t queued() const;
    Histogram& times() { return times_; }
    const Histogram& lateness() const { return pacer_.lateness(); }

private:
    struct Entry {
        Entry(OpenLoop& loop, const Target& target, std::size_t server);

        Connection connection;
        Picker picker;
    };

    void on_due(reactor::Instant due);
    void say(std::size_t number, std::uint32_t reports, reactor::Instant due);
    template <class Number>
    Number sum(Number (Connection::*of)() const) const;
    std::uint32_t clients_per_entry() const;

    Session& session_;
    Shape shape_;
    Commands commands_;
    Histogram times_;
    std::deque<Entry> entries_;
    Ledger sent_;
    Pacer pacer_;
    std::size_t next_entry_ = 0;
    std::int64_t stamp_ = 0;
    std::uint64_t unsent_ = 0;
};

}  // namespace bench
