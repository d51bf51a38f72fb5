#include "bench/closed_loop.hpp"
#include "bench/connection.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/pacer.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <vector>

namespace bench {

namespace {

constexpr reactor::Duration ask_timeout = std::chrono::seconds(10);
constexpr std::uint32_t iamat_connections = 4;

// WHATSATs at a fixed rate, one at a time per connection, since one that waits holds up its own
// connection. When all are taken the question waits here, and its latency counts from when it was
// due.
class Questions {
public:
    Questions(Session& session, const TargetServer& server, const PlacesOptions& options)
        : session_(session),
          clients_(options.clients),
          rate_(options.rate),
          pacer_(session, Pacer::Due::to<&Questions::on_due>(*this)) {
        for (std::uint32_t i = 0; i < options.connections; ++i) {
            Connection& connection = connections_.emplace_back(
                session, server, Answers(Answers::Kind::paragraphs, 'A'), times_);
            connection.on_answered(Connection::Answered::to<&Questions::on_answered>(*this));
        }
    }

    void connect() {
        std::vector<Connection*> all;
        for (Connection& connection : connections_) all.push_back(&connection);
        bench::connect(session_, all);
    }
    void start() {
        times_.clear();
        pacer_.start(rate_);
    }
    void stop() { pacer_.stop(); }
    bool idle() const {
        return due_.empty() && std::ranges::all_of(connections_, [](const Connection& connection) {
                   return connection.waiting() == 0;
               });
    }
    std::uint64_t wrong() const {
        std::uint64_t sum = 0;
        for (const Connection& connection : connections_) sum += connection.wrong();
        return sum;
    }
    const Histogram& times() const { return times_; }

private:
    void on_due(reactor::Instant due) {
        due_.push_back(due);
        const auto free = std::ranges::find_if(connections_, [](const Connection& connection) {
            return connection.connected() && connection.waiting() == 0;
        });
        if (free != connections_.end()) ask(*free);
    }
    void on_answered(Connection& connection, const Batch&) {
        if (!due_.empty()) ask(connection);
    }
    void ask(Connection& connection) {
        const std::uint32_t client = next_++ % clients_;
        const std::size_t size =
            Fleet::question(connection.reserve(Fleet::command_size_max), client);
        connection.commit(size, {due_.front(), 1, client, 0});
        due_.pop_front();
    }

    Session& session_;
    std::uint32_t clients_;
    double rate_;
    Histogram times_;
    std::deque<Connection> connections_;
    std::deque<reactor::Instant> due_;
    Pacer pacer_;
    std::uint32_t next_ = 0;
};

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
    Questions questions(session, target.servers[server], options);
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
                  static_cast<double>(reports.waiting()) + (questions.idle() ? 0 : 1));
    return result;
}

}  // namespace bench
