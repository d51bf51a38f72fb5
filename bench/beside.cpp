#include "bench/commands.hpp"
#include "bench/followers.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/questions.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"
#include "bench/settle.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace bench {

namespace {

constexpr std::uint32_t report_connections = 4;
constexpr double p99 = 0.99;

// IAMATs at a fixed rate, alone and beside whatever the options say.
class Sides {
public:
    Sides(Session& session, const Target& target, const BesideOptions& options, std::size_t server)
        : session_(session),
          options_(options),
          load_(session,
                target,
                {std::vector<std::size_t>(report_connections, server),
                 options.clients,
                 options.iamat_rate,
                 1},
                reports(target.protocol, true)),
          questions_(session,
                     target.servers[server],
                     {options.connections, options.clients, std::max(options.rate, 1.0)},
                     searches(target.protocol, options.radius, options.bound)),
          followers_(session, target.servers[server], options.deaf, areas(options.radius)) {
        load_.connect(target.protocol);
        questions_.connect();
        followers_.connect();
    }

    // Each at another place; none ever reads what it is told.
    void follow() {
        followers_.go_deaf();
        followers_.follow();
    }
    Histogram stretch(bool asks) {
        load_.times().clear();
        if (asks && options_.rate > 0) questions_.start();
        load_.start();
        session_.run_for(seconds(options_.seconds));
        questions_.stop();
        load_.stop();
        session_.run_until([&] { return questions_.idle() && load_.idle(); }, answer_timeout);
        return load_.times();
    }
    void report(Result& result) const {
        result.latency.emplace_back("nearby", questions_.times());
        result.figure("wrong_answers", static_cast<double>(questions_.wrong() + load_.wrong()));
        result.figure("unanswered",
                      static_cast<double>(load_.unanswered()) + (questions_.idle() ? 0 : 1));
        result.figure("lost_connections", followers_.lost());
    }

private:
    Session& session_;
    const BesideOptions& options_;
    OpenLoop load_;
    Questions questions_;
    Followers followers_;
};

}  // namespace

Result beside(const Target& target, const BesideOptions& options) {
    Session session(settle_connections + options.connections + options.deaf + report_connections,
                    target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    settle(session, target, server, options.clients);
    Sides sides(session, target, options, server);
    sides.stretch(false);
    Result result;
    result.scenario = "beside";
    result.system = target.system;
    result.options = {{"clients", std::to_string(options.clients)},
                      {"rate", shown(options.rate)},
                      {"deaf", std::to_string(options.deaf)},
                      {"radius", options.radius},
                      {"bound", std::to_string(options.bound)},
                      {"iamat-rate", shown(options.iamat_rate)},
                      {"seconds", shown(options.seconds)}};
    Measured measured(target);
    const Histogram alone = sides.stretch(false);
    sides.follow();
    // Until those who do not read have been told as much as there is room for.
    if (options.deaf > 0) sides.stretch(false);
    const Histogram mixed = sides.stretch(true);
    measured.end();
    measured.report(result);
    result.latency.emplace_back("iamat alone", alone);
    result.latency.emplace_back("iamat beside", mixed);
    result.figure(
        "p99_beside_against_alone",
        static_cast<double>(mixed.quantile(p99)) / static_cast<double>(alone.quantile(p99)));
    sides.report(result);
    return result;
}

}  // namespace bench
