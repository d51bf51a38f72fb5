#include "bench/closed_loop.hpp"
#include "bench/commands.hpp"
#include "bench/measured.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"
#include "bench/settle.hpp"

#include <string>

namespace bench {

namespace {

// One radius. Returns how many answers were none.
std::uint64_t measure(Session& session,
                      const Target& target,
                      const NearbyOptions& options,
                      std::size_t server,
                      const std::string& radius,
                      Result& result) {
    ClosedLoop load(session,
                    target,
                    {server, options.connections, options.depth},
                    Picker(options.clients, Picker::Order::scattered),
                    searches(target.protocol, radius, options.bound));
    load.connect();
    load.run(seconds(options.warmup));
    Measured measured(target);
    load.run(seconds(options.seconds));
    measured.end();
    const std::uint64_t asked = load.answered();
    const auto cpu_ns = measured.target_cpu_ns_per(asked);
    result.figure("cpu_ns_per_query_" + radius + "_km", cpu_ns);
    if (cpu_ns) result.figure("queries_per_cpu_second_" + radius + "_km", 1e9 / *cpu_ns);
    result.figure("queries_per_second_" + radius + "_km",
                  static_cast<double>(asked) / measured.seconds());
    result.latency.emplace_back(radius + " km", load.times());
    return load.wrong();
}

}  // namespace

Result nearby(const Target& target, const NearbyOptions& options) {
    Session session(settle_connections + 2 * options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    settle(session, target, server, options.clients);
    Result result;
    result.scenario = "nearby";
    result.system = target.system;
    result.options = {{"clients", std::to_string(options.clients)},
                      {"bound", std::to_string(options.bound)},
                      {"connections", std::to_string(options.connections)},
                      {"depth", std::to_string(options.depth)},
                      {"seconds", shown(options.seconds)}};
    Measured measured(target);
    std::uint64_t wrong = 0;
    for (const std::string& radius : options.radii) {
        wrong += measure(session, target, options, server, radius, result);
    }
    measured.end();
    measured.report(result);
    result.figure("wrong_answers", static_cast<double>(wrong));
    return result;
}

}  // namespace bench
