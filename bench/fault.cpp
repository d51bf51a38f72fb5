#include "bench/commands.hpp"
#include "bench/connection.hpp"
#include "bench/event.hpp"
#include "bench/measured.hpp"
#include "bench/open_loop.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"
#include "bench/watchers.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace bench {

namespace {

constexpr reactor::Duration settle_time = std::chrono::seconds(2);

std::vector<std::size_t> all_servers(const Target& target) {
    std::vector<std::size_t> all(target.servers.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

// Reports enter at every server. While the victim is down, half of the clients stand still: their
// positions can reach its successor only from another server's table, not by a new report.
class Fault {
public:
    Fault(const Target& target, const FaultOptions& options)
        : target_(target),
          options_(options),
          victim_(options.kill.empty() ? target.servers.size() - 1 : target.find(options.kill)),
          session_(
              static_cast<std::uint32_t>(target.servers.size()) + Watchers::connections(target),
              target.keys),
          load_(session_, target, {all_servers(target), options.clients, options.rate, 1}),
          watchers_(session_, target, options.clients, Seen::to<&Fault::on_seen>(*this)),
          probe_(session_, target.servers[victim_], answers_in(target.protocol), unused_),
          answered_(options.clients, 0) {
        load_.on_answered(Connection::Answered::to<&Fault::on_answered>(*this));
    }

    Result run();

private:
    void on_seen(const Sighting& sighting);
    void on_answered(Connection& connection, const Batch& batch);
    bool revive();
    std::uint64_t lost() const;
    Result conclude(const Measured& measured, std::uint64_t errors);

    const Target& target_;
    const FaultOptions& options_;
    std::size_t victim_;
    Session session_;
    OpenLoop load_;
    Watchers watchers_;
    Histogram unused_;
    Connection probe_;                    // finds out when the victim is back
    std::vector<std::int64_t> answered_;  // by client: the newest stamp that was answered
    std::vector<std::int64_t> owed_;      // by client: what the victim's successor must learn; or 0
    std::uint64_t owed_count_ = 0;
    reactor::Instant restarted_{};
    std::optional<reactor::Instant> up_;
    std::optional<reactor::Instant> complete_;
};

void Fault::on_answered(Connection&, const Batch& batch) {
    if (batch.stamp < watchers_.since()) return;
    answered_[batch.client] = std::max(answered_[batch.client], batch.stamp);
}

void Fault::on_seen(const Sighting& sighting) {
    if (sighting.observer != victim_ || owed_count_ == 0) return;
    std::int64_t& owed = owed_[sighting.client];
    if (owed == 0 || sighting.stamp < owed) return;
    owed = 0;
    if (--owed_count_ == 0) complete_ = this_moment();
}

// Everything that any server has answered until now is owed to the successor.
bool Fault::revive() {
    watchers_.arrivals(victim_).forget();
    owed_ = answered_;
    owed_count_ = static_cast<std::uint64_t>(
        std::ranges::count_if(owed_, [](std::int64_t stamp) { return stamp != 0; }));
    restarted_ = this_moment();
    tell_event("restart", target_.servers[victim_]);
    probe_.dial();
    if (!session_.run_until([this] { return probe_.connected(); }, seconds(options_.after))) {
        return false;
    }
    up_ = this_moment();
    load_.connection(victim_).dial();
    return true;
}

Result Fault::run() {
    if (!watchers_.watched(victim_))
        throw CannotMeasure("the victim has no \"observer\" in the target file");
    watchers_.open();
    load_.connect(target_.protocol);
    watchers_.await(session_, [this] { load_.knock(); });
    load_.start();
    Measured measured(target_);
    session_.run_for(seconds(options_.before));

    tell_event("kill", target_.servers[victim_]);
    const bool died =
        session_.run_until([this] { return load_.connection(victim_).lost(); }, settle_time);
    if (!died) throw CannotMeasure("the victim was not killed");
    load_.park_half();
    session_.run_for(seconds(options_.down));

    const reactor::Instant end = this_moment() + seconds(options_.after);
    if (revive()) session_.run_for(end - this_moment());
    load_.stop();
    session_.run_until([this] { return lost() == 0; }, settle_time);
    measured.end();
    std::uint64_t errors = load_.wrong();
    for (std::size_t i = 0; i < target_.servers.size(); ++i) {
        if (i != victim_ && load_.connection(i).lost()) ++errors;
    }
    return conclude(measured, errors);
}

// Clients whose newest answered report some observer has not seen.
std::uint64_t Fault::lost() const {
    std::uint64_t clients = 0;
    for (std::uint32_t client = 0; client < options_.clients; ++client) {
        for (std::size_t server = 0; server < target_.servers.size(); ++server) {
            if (!watchers_.watched(server)) continue;
            if (watchers_.arrivals(server).newest(client) >= answered_[client]) continue;
            ++clients;
            break;
        }
    }
    return clients;
}

Result Fault::conclude(const Measured& measured, std::uint64_t errors) {
    const auto ms = [](reactor::Instant from, std::optional<reactor::Instant> to) {
        return to ? std::chrono::duration<double, std::milli>(*to - from).count() : -1;
    };
    Result result;
    result.scenario = "fault";
    result.system = target_.system;
    result.options = {{"kill", target_.servers[victim_].name},
                      {"rate", shown(options_.rate)},
                      {"clients", std::to_string(options_.clients)},
                      {"before", shown(options_.before)},
                      {"down", shown(options_.down)},
                      {"after", shown(options_.after)}};
    measured.report(result);
    result.figure("up_ms", ms(restarted_, up_));
    result.figure("complete_ms", ms(restarted_, complete_));
    result.figure("never_learnt", static_cast<double>(owed_count_));
    result.figure("stale_clients", static_cast<double>(lost()));
    result.figure("client_errors", static_cast<double>(errors));
    result.figure("unsent", static_cast<double>(load_.unsent()));
    result.latency.emplace_back("round trip", load_.times());
    return result;
}

}  // namespace

Result fault(const Target& target, const FaultOptions& options) {
    return Fault(target, options).run();
}

}  // namespace bench
