#include "bench/fleet.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/questions.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

#include <string>

namespace bench {

namespace {

constexpr reactor::Duration ask_timeout = std::chrono::seconds(10);
constexpr std::uint32_t iamat_connections = 4;

Commands whatsats() {
    return {[](std::span<char> out, std::uint32_t client, std::int64_t) {
                return Fleet::question(out, client);
            },
            {Answers::Kind::paragraphs, 'A'}};
}

}  // namespace

Result places(const Target& target, const PlacesOptions& options) {
    Session session(options.connections + iamat_connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    OpenLoop reports(session,
                     target,
                     {std::vector<std::size_t>(iamat_connections, server),
                      options.clients,
                      options.iamat_rate,
                      1});
    Questions questions(session,
                        target.servers[server],
                        {options.connections, options.clients, options.rate},
                        whatsats());
    reports.connect(target.protocol);
    questions.connect();
    // Everyone has a position before anybody asks.
    reports.start();
    session.run_until([&] { return reports.answered() >= options.clients; }, ask_timeout);
    reports.stop();

    Result result;
    result.scenario = "places";
    result.system = target.system;
    result.options = {{"rate", shown(options.rate)},
                      {"iamat-rate", shown(options.iamat_rate)},
                      {"connections", std::to_string(options.connections)},
                      {"clients", std::to_string(options.clients)},
                      {"seconds", shown(options.seconds)}};
    struct Phase {
        const char* name;
        bool asks, reports;
    };
    Measured measured(target);
    for (const Phase& phase :
         {Phase{"alone", true, false}, {"alone", false, true}, {"mixed", true, true}}) {
        reports.times().clear();
        Measured stretch(target);
        if (phase.asks) questions.start();
        if (phase.reports) reports.start();
        session.run_for(seconds(options.seconds));
        questions.stop();
        reports.stop();
        session.run_until([&] { return questions.idle() && reports.idle(); }, ask_timeout);
        stretch.end();
        if (!phase.reports) {
            result.figure("server_cpu_ns_per_lookup",
                          stretch.target_cpu_ns_per(questions.times().count()));
        }
        const std::string name = phase.name;
        if (phase.asks) result.latency.emplace_back("whatsat " + name, questions.times());
        if (phase.reports) result.latency.emplace_back("iamat " + name, reports.times());
    }
    measured.end();
    measured.report(result);
    const double asked = 2 * options.seconds;
    std::uint64_t whatsats = 0;
    for (const auto& [name, times] : result.latency) {
        if (name.starts_with("whatsat")) whatsats += times.count();
    }
    result.figure("whatsat_per_second", static_cast<double>(whatsats) / asked);
    result.figure("wrong_answers", static_cast<double>(questions.wrong() + reports.wrong()));
    result.figure("unanswered",
                  static_cast<double>(reports.unanswered()) + (questions.idle() ? 0 : 1));
    return result;
}

}  // namespace bench
