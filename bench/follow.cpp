#include "bench/commands.hpp"
#include "bench/followers.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

#include <string>
#include <vector>

namespace bench {

Result follow(const Target& target, const FollowOptions& options) {
    Session session(options.followers + options.connections, target.keys);
    const std::size_t server = options.server.empty() ? 0 : target.find(options.server);
    OpenLoop load(session,
                  target,
                  {std::vector<std::size_t>(options.connections, server),
                   options.followers,
                   options.rate,
                   options.burst},
                  publications(target.protocol));
    Followers followers(
        session, target.servers[server], options.followers, subscriptions(target.protocol));
    load.connect(target.protocol);
    followers.connect();
    Measured before(target);
    before.end();
    followers.follow();
    const Pushes pushes = pushes_in(target.protocol);
    const std::uint64_t answers = std::uint64_t{options.followers} * pushes.answer_lines;
    if (!session.run_until([&] { return followers.heard() >= answers; }, answer_timeout)) {
        throw CannotMeasure("not everybody could follow");
    }
    Measured alone(target);
    alone.end();
    load.start();
    session.run_for(seconds(options.warmup));
    const std::uint64_t heard_before = followers.heard();
    const std::uint64_t answered_before = load.answered();
    Measured measured(target);
    session.run_for(seconds(options.seconds));
    measured.end();
    const std::uint64_t pushed = (followers.heard() - heard_before) / pushes.lines;
    const std::uint64_t answered = load.answered() - answered_before;
    load.stop();
    session.run_until([&] { return load.idle(); }, answer_timeout);

    Result result;
    result.scenario = "follow";
    result.system = target.system;
    result.options = {{"followers", std::to_string(options.followers)},
                      {"rate", shown(options.rate)},
                      {"connections", std::to_string(options.connections)},
                      {"burst", std::to_string(options.burst)},
                      {"seconds", shown(options.seconds)}};
    measured.report(result);
    result.figure("cpu_ns_per_pushed_line", measured.target_cpu_ns_per(pushed));
    result.figure("cpu_ns_per_report", measured.target_cpu_ns_per(answered));
    result.figure("pushed_per_second", static_cast<double>(pushed) / measured.seconds());
    result.figure("reports_per_second", static_cast<double>(answered) / measured.seconds());
    const auto resident = before.target_resident_bytes();
    if (resident) {
        result.figure("bytes_per_subscription",
                      (*alone.target_resident_bytes() - *resident) / options.followers);
    }
    result.figure("wrong_answers", static_cast<double>(load.wrong() + followers.refused()));
    result.figure("lost_connections", followers.lost());
    result.figure("unanswered", static_cast<double>(load.unanswered()));
    result.latency.emplace_back("round trip", load.times());
    return result;
}

}  // namespace bench
