#include "bench/commands.hpp"
#include "bench/event.hpp"
#include "bench/histogram.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/roll_call.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"
#include "bench/settle.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace bench {

namespace {

constexpr std::uint32_t reporters = 4;
constexpr reactor::Duration first_reports = std::chrono::milliseconds(500);
// Until a dead process' connections have ended; a large one takes a while to go.
constexpr reactor::Duration death_timeout = std::chrono::seconds(30);

double at_p99(const Histogram& times) {
    return static_cast<double>(times.quantile(0.99));
}

std::size_t victim_of(const Target& target, const std::string& name) {
    if (target.servers.size() < 2) throw CannotMeasure("there is no neighbour to catch up from");
    const std::size_t victim = name.empty() ? target.servers.size() - 1 : target.find(name);
    if (victim == 0) throw CannotMeasure("the first server is the one that the others report to");
    return victim;
}

void await_all(RollCall& roll, double timeout) {
    if (!roll.await_all(seconds(timeout))) throw CannotMeasure("a server does not catch up");
}

}  // namespace

Result catch_up(const Target& target, const CatchUpOptions& options) {
    const std::size_t victim = victim_of(target, options.kill);
    Session session(settle_connections + reporters + 1, target.keys);
    settle(session, target, 0, options.clients);
    RollCall roll(session, target, 0);
    await_all(roll, options.timeout);

    OpenLoop load(session,
                  target,
                  {std::vector<std::size_t>(reporters, 0), options.clients, options.rate, 1},
                  reports(target.protocol, true));
    load.connect(target.protocol);
    load.start();
    session.run_for(first_reports);
    load.times().clear();
    const auto resident = Measured(target).target_resident_bytes();
    session.run_for(seconds(options.seconds));
    const Histogram quiet = load.times();

    tell_event("kill", target.servers[victim]);
    if (!roll.await_lack(death_timeout)) throw CannotMeasure("the victim was not killed");
    session.run_for(seconds(options.down));
    load.times().clear();
    const reactor::Instant restarted = this_moment();
    tell_event("restart", target.servers[victim]);
    await_all(roll, options.timeout);
    const double took = std::chrono::duration<double>(this_moment() - restarted).count();
    const Histogram meanwhile = load.times();
    load.stop();
    session.run_until([&] { return load.idle(); }, answer_timeout);

    Result result;
    result.scenario = "catch-up";
    result.system = target.system;
    result.options = {{"kill", target.servers[victim].name},
                      {"clients", std::to_string(options.clients)},
                      {"rate", shown(options.rate)},
                      {"seconds", shown(options.seconds)},
                      {"down", shown(options.down)}};
    result.seconds = took;
    result.figure("complete_ms", took * 1e3);
    result.figure("records_per_second", options.clients / took);
    result.figure("resident_bytes", resident);
    result.figure("p99_meanwhile_against_quiet", at_p99(meanwhile) / at_p99(quiet));
    result.figure("wrong_answers", static_cast<double>(load.wrong()));
    result.figure("unanswered", static_cast<double>(load.unanswered()));
    result.figure("unsent", static_cast<double>(load.unsent()));
    result.latency.emplace_back("quiet", quiet);
    result.latency.emplace_back("meanwhile", meanwhile);
    return result;
}

}  // namespace bench
