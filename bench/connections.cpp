#include "bench/closed_loop.hpp"
#include "bench/measured.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

#include <string>

namespace bench {

namespace {

// The idle ones have each reported once, all the same few clients: stored clients are another
// scenario's.
constexpr std::uint32_t fleet = 1000;

}  // namespace

Result connections(const Target& target, const ConnectionsOptions& options) {
    Session session(options.idle + options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    const Picker picker(fleet, Picker::Order::in_turn);
    ClosedLoop busy(session, target, {server, options.connections, options.depth}, picker);
    busy.connect();
    busy.run(seconds(options.warmup));
    Measured alone(target);
    busy.run(seconds(options.seconds));
    alone.end();
    const double alone_per_second = static_cast<double>(busy.answered()) / alone.seconds();
    const auto alone_cpu_ns = alone.target_cpu_ns_per(busy.answered());

    ClosedLoop idle(session, target, {server, options.idle, 1}, picker);
    idle.connect();
    idle.start(options.idle);
    session.run_until([&] { return idle.answered() == options.idle; }, std::chrono::seconds(10));
    Measured together(target);
    busy.run(seconds(options.seconds));
    together.end();

    const auto before = alone.target_resident_bytes();
    const auto after = together.target_resident_bytes();
    Result result;
    result.scenario = "connections";
    result.system = target.system;
    result.options = {{"idle", std::to_string(options.idle)},
                      {"connections", std::to_string(options.connections)},
                      {"depth", std::to_string(options.depth)},
                      {"seconds", shown(options.seconds)}};
    together.report(result);
    result.figure("idle_connections", static_cast<double>(idle.answered()));
    if (before && after) {
        result.figure("user_bytes_per_connection", (*after - *before) / options.idle);
    }
    result.figure("lines_per_second_alone", alone_per_second);
    result.figure("lines_per_second", static_cast<double>(busy.answered()) / together.seconds());
    result.figure("server_cpu_ns_per_line_alone", alone_cpu_ns);
    result.figure("server_cpu_ns_per_line", together.target_cpu_ns_per(busy.answered()));
    result.figure("lost_connections", idle.lost() + busy.lost());
    result.latency.emplace_back("round trip", busy.times());
    return result;
}

}  // namespace bench
