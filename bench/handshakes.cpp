#include "bench/connection.hpp"
#include "bench/measured.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>

namespace bench {

namespace {

constexpr reactor::Duration end_timeout = std::chrono::seconds(10);

// A client that comes, shakes hands, says that this was all, and comes again.
class Newcomer {
public:
    Newcomer(Session& session, const TargetServer& server, Histogram& times)
        : connection_(session, server, {Answers::Kind::none, '\0'}, unused_), times_(times) {
        connection_.on_changed(Connection::Changed::to<&Newcomer::on_changed>(*this));
    }

    void start() {
        comes_ = true;
        come();
    }
    void stop() { comes_ = false; }
    bool gone() const { return !comes_ && gone_; }
    const Connection& connection() const { return connection_; }

private:
    void come() {
        gone_ = false;
        dialled_ = this_moment();
        connection_.dial();
    }
    void on_changed(Connection& connection) {
        if (connection.connected()) {
            times_.record((this_moment() - dialled_).count());
            connection.leave();
        } else if (comes_) {
            come();
        } else {
            gone_ = true;
        }
    }

    Histogram unused_;
    Connection connection_;
    Histogram& times_;
    reactor::Instant dialled_{};
    bool comes_ = false;
    bool gone_ = true;
};

}  // namespace

Result handshakes(const Target& target, const HandshakesOptions& options) {
    Session session(options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    Histogram times;
    std::deque<Newcomer> newcomers;
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        newcomers.emplace_back(session, target.servers[server], times).start();
    }
    session.run_for(seconds(options.warmup));
    times.clear();
    Measured measured(target);
    session.run_for(seconds(options.seconds));
    measured.end();
    const std::uint64_t shaken = times.count();
    for (Newcomer& each : newcomers) each.stop();
    const bool ended =
        shaken > 0 &&
        session.run_until([&] { return std::ranges::all_of(newcomers, &Newcomer::gone); },
                          end_timeout);
    std::uint64_t refusals = 0;
    for (const Newcomer& each : newcomers) refusals += each.connection().refusals();
    if (!ended) {
        throw CannotMeasure(target.servers[server].name +
                            " does not take everybody: " + newcomers[0].connection().refusal());
    }
    Result result;
    result.scenario = "handshakes";
    result.system = target.system;
    result.options = {{"connections", std::to_string(options.connections)},
                      {"seconds", shown(options.seconds)}};
    measured.report(result);
    result.figure("handshakes_per_second", static_cast<double>(shaken) / measured.seconds());
    result.figure("server_cpu_ns_per_handshake", measured.target_cpu_ns_per(shaken));
    result.figure("bench_cpu_ns_per_handshake", measured.own_cpu_ns_per(shaken));
    result.figure("refused_handshakes", static_cast<double>(refusals));
    result.latency.emplace_back("handshake", times);
    return result;
}

}  // namespace bench
