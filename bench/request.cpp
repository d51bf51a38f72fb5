#include "bench/closed_loop.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

namespace bench {

namespace {

Result begin(const Target& target, const RequestOptions& options) {
    Result result;
    result.scenario = "request";
    result.system = target.system;
    result.options = {{"connections", std::to_string(options.connections)},
                      {"depth", std::to_string(options.depth)},
                      {"rate", shown(options.rate)},
                      {"clients", std::to_string(options.clients)},
                      {"seconds", shown(options.seconds)}};
    return result;
}

void conclude(Result& result, const Measured& measured, std::uint64_t lines) {
    measured.report(result);
    result.figure("lines_per_second", static_cast<double>(lines) / measured.seconds());
    result.figure("server_cpu_ns_per_line", measured.target_cpu_ns_per(lines));
    result.figure("bench_cpu_ns_per_line", measured.own_cpu_ns_per(lines));
}

Result closed(Session& session,
              const Target& target,
              const RequestOptions& options,
              std::size_t server) {
    ClosedLoop loop(session,
                    target,
                    {server, options.connections, options.depth},
                    Picker(options.clients, Picker::Order::scattered));
    loop.connect();
    loop.run(seconds(options.warmup));
    Measured measured(target);
    loop.run(seconds(options.seconds));
    measured.end();
    Result result = begin(target, options);
    conclude(result, measured, loop.answered());
    result.figure("wrong_answers", static_cast<double>(loop.wrong()));
    result.figure("lost_connections", loop.lost());
    result.latency.emplace_back("round trip", loop.times());
    return result;
}

Result open(Session& session,
            const Target& target,
            const RequestOptions& options,
            std::size_t server) {
    OpenLoop loop(session,
                  target,
                  {std::vector(options.connections, server), options.clients, options.rate, 1});
    loop.connect(target.protocol);
    loop.start();
    session.run_for(seconds(options.warmup));
    loop.times().clear();
    const std::uint64_t before = loop.answered();
    Measured measured(target);
    session.run_for(seconds(options.seconds));
    measured.end();
    const std::uint64_t lines = loop.answered() - before;
    loop.stop();
    session.run_until([&] { return loop.idle(); }, answer_timeout);
    Result result = begin(target, options);
    conclude(result, measured, lines);
    result.figure("wrong_answers", static_cast<double>(loop.wrong()));
    result.figure("unanswered", static_cast<double>(loop.unanswered()));
    result.figure("unsent", static_cast<double>(loop.unsent()));
    result.figure("lost_connections", loop.lost());
    result.latency.emplace_back("round trip", loop.times());
    result.latency.emplace_back("send lateness", loop.lateness());
    return result;
}

}  // namespace

Result request(const Target& target, const RequestOptions& options) {
    Session session(options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    return options.rate > 0 ? open(session, target, options, server)
                            : closed(session, target, options, server);
}

}  // namespace bench
