#include "bench/histogram.hpp"
#include "bench/measured.hpp"
#include "bench/newcomers.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

namespace bench {

Result visits(const Target& target, const VisitsOptions& options) {
    Session session(options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    const auto manners =
        options.half_close ? Newcomers::Manners::hasty : Newcomers::Manners::polite;
    Newcomers visitors(session, target, {server, options.connections, manners, options.clients});
    visitors.start();
    session.run_for(seconds(options.warmup));
    visitors.times().clear();
    Measured measured(target);
    session.run_for(seconds(options.seconds));
    measured.end();
    const Histogram times = visitors.times();
    visitors.end();
    Result result;
    result.scenario = "visits";
    result.system = target.system;
    result.options = {{"connections", std::to_string(options.connections)},
                      {"half-close", options.half_close ? "true" : "false"},
                      {"clients", std::to_string(options.clients)},
                      {"seconds", shown(options.seconds)}};
    measured.report(result);
    result.figure("visits_per_second", static_cast<double>(times.count()) / measured.seconds());
    result.figure("server_cpu_ns_per_visit", measured.target_cpu_ns_per(times.count()));
    result.figure("bench_cpu_ns_per_visit", measured.own_cpu_ns_per(times.count()));
    result.figure("wrong_answers", static_cast<double>(visitors.wrong()));
    result.figure("unanswered_visits", static_cast<double>(visitors.unanswered()));
    result.figure("failed_dials", static_cast<double>(visitors.failures()));
    result.latency.emplace_back("visit", times);
    return result;
}

}  // namespace bench
