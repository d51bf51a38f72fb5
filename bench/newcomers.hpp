#pragma once

#include "bench/commands.hpp"
#include "bench/connection.hpp"
#include "bench/histogram.hpp"
#include "bench/picker.hpp"
#include "bench/session.hpp"
#include "bench/target.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace bench {

// Clients that come to one server, say one report or nothing, go, and come again, each time on a
// connection of its own: as fast as the server takes them. A newcomer ends its direction first, so
// it is this side that keeps the ended connections (TIME_WAIT) and runs out of ports: on loopback
// each newcomer dials from an address of its own, which has all ports for itself.
class Newcomers {
public:
    enum class Manners : std::uint8_t {
        silent,  // shakes hands, and that was all
        polite,  // hears the answer, then ends its direction
        hasty,   // ends its direction right behind its report, and hears the answer; not sealed
    };
    struct Shape {
        std::size_t server = 0;
        std::uint32_t connections = 1;  // at a time
        Manners manners = Manners::silent;
        std::uint32_t clients = 1;  // who are reported
    };

    // Throws CannotMeasure when the server does not answer, or not as these manners want it.
    Newcomers(Session& session, const Target& target, const Shape& shape);

    void start();
    // No more come. Throws CannotMeasure when those who are there do not get away.
    void end();

    // Until each was connected, where it is silent, or answered.
    Histogram& times() { return times_; }
    std::uint64_t wrong() const;
    std::uint64_t refusals() const;
    // Connections that could not be made, of those that were tried.
    std::uint64_t failures() const;
    // Those whose report was not answered, of whoever is not silent. After end().
    std::uint64_t unanswered() const;

private:
    class Newcomer {
    public:
        Newcomer(Newcomers& all, const TargetServer& server, std::uint32_t number);

        void come();
        bool gone() const { return gone_; }
        const Connection& connection() const { return connection_; }
        std::uint64_t arrivals() const { return arrivals_; }

    private:
        void on_changed(Connection& connection);
        void on_answered(Connection& connection, const Batch& batch);
        void say();

        Newcomers& all_;
        Connection connection_;
        reactor::Instant dialled_{};
        std::uint64_t arrivals_ = 0;
        bool gone_ = true;
    };

    Session& session_;
    const std::string server_;
    const Manners manners_;
    Commands commands_;
    Picker picker_;
    Histogram times_;
    std::deque<Newcomer> newcomers_;
    bool open_ = false;
};

}  // namespace bench
