#include "bench/histogram.hpp"
#include "bench/measured.hpp"
#include "bench/newcomers.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

namespace bench {

Result handshakes(const Target& target, const HandshakesOptions& options) {
    Session session(options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    Newcomers newcomers(session, target, {.server = server, .connections = options.connections});
    newcomers.start();
    session.run_for(seconds(options.warmup));
    newcomers.times().clear();
    Measured measured(target);
    session.run_for(seconds(options.seconds));
    measured.end();
    const Histogram times = newcomers.times();
    newcomers.end();
    Result result;
    result.scenario = "handshakes";
    result.system = target.system;
    result.options = {{"connections", std::to_string(options.connections)},
                      {"seconds", shown(options.seconds)}};
    measured.report(result);
    result.figure("handshakes_per_second", static_cast<double>(times.count()) / measured.seconds());
    result.figure("server_cpu_ns_per_handshake", measured.target_cpu_ns_per(times.count()));
    result.figure("bench_cpu_ns_per_handshake", measured.own_cpu_ns_per(times.count()));
    result.figure("refused_handshakes", static_cast<double>(newcomers.refusals()));
    result.latency.emplace_back("handshake", times);
    return result;
}

}  // namespace bench
