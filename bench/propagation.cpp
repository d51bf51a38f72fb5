#include "bench/ledger.hpp"
#include "bench/measured.hpp"
#include "bench/observer.hpp"
#include "bench/open_loop.hpp"
#include "bench/scenarios.hpp"
#include "bench/session.hpp"
#include "bench/watchers.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace bench {

namespace {

std::vector<std::size_t> entries_of(const Target& target, const std::string& enter) {
    if (enter != "spread") return {enter.empty() ? 0 : target.find(enter)};
    std::vector<std::size_t> all(target.servers.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

class Propagation {
public:
    Propagation(const Target& target, const PropagationOptions& options)
        : target_(target),
          options_(options),
          session_(
              static_cast<std::uint32_t>(target.servers.size()) + Watchers::connections(target),
              target.keys),
          load_(session_,
                target,
                {entries_of(target, options.enter), options.clients, options.rate, options.burst}),
          watchers_(session_, target, options.clients, Seen::to<&Propagation::on_seen>(*this)) {
        for (const std::size_t entry : entries_of(target, options.enter)) {
            passed_.push_back(target.servers_passed(entry));
        }
        times_.resize(target.servers.size() + 1);
    }

    Result run();

private:
    void on_seen(const Sighting& sighting);
    bool complete() const { return watchers_.total() >= load_.sent().total() * watchers_.count(); }
    void conclude(Result& result, const Measured& measured, std::uint64_t sent) const;

    const Target& target_;
    const PropagationOptions& options_;
    Session session_;
    OpenLoop load_;
    Watchers watchers_;
    std::vector<std::vector<unsigned>> passed_;  // by entry, then by server
    std::vector<Histogram> times_;               // by servers passed
    std::int64_t from_ = INT64_MAX;              // stamps before it do not count
    std::uint64_t seen_ = 0;                     // those that do
};

void Propagation::on_seen(const Sighting& sighting) {
    if (sighting.stamp < from_) return;
    ++seen_;
    const auto& passed = passed_[load_.entry_of(sighting.client)];
    times_[passed[sighting.observer]].record(sighting.seen - sighting.stamp);
}

Result Propagation::run() {
    watchers_.open();
    load_.connect(target_.protocol);
    watchers_.await(session_, [this] { load_.knock(); });
    load_.start();
    session_.run_for(seconds(options_.warmup));
    from_ = session_.posix_ns(this_moment());
    const std::uint64_t before = load_.sent().total();
    Measured measured(target_);
    session_.run_for(seconds(options_.seconds));
    const std::uint64_t sent = load_.sent().total() - before;
    load_.stop();
    // What is still on its way belongs to the cost of what was sent.
    session_.run_until([this] { return complete(); }, seconds(options_.settle));
    measured.end();

    Result result;
    result.scenario = "propagation";
    result.system = target_.system;
    result.options = {{"enter", options_.enter.empty() ? target_.servers[0].name : options_.enter},
                      {"rate", shown(options_.rate)},
                      {"burst", std::to_string(options_.burst)},
                      {"clients", std::to_string(options_.clients)},
                      {"seconds", shown(options_.seconds)}};
    conclude(result, measured, sent);
    return result;
}

void Propagation::conclude(Result& result, const Measured& measured, std::uint64_t sent) const {
    measured.report(result);
    const auto shortfall = watchers_.shortfall(load_.sent());
    const std::vector<std::pair<std::string, std::uint64_t>> counts = {
        {"missing", shortfall.missing},
        {"superseded", shortfall.superseded},
        {"stale_clients", shortfall.stale_clients},
        {"duplicates", watchers_.duplicates()},
        {"overtaken", watchers_.overtaken()},
        {"unsent", load_.unsent()},
        {"queued_bytes", load_.queued()}};
    result.figure("sent_per_second", static_cast<double>(sent) / options_.seconds);
    result.figure("herd_cpu_ns_per_update", measured.target_cpu_ns_per(sent));
    result.figure("bench_cpu_ns_per_line", measured.own_cpu_ns_per(sent + seen_));
    result.figure("resident_bytes", measured.target_resident_bytes());
    result.figure("proportional_bytes", measured.target_proportional_bytes());
    for (const auto& [name, count] : counts) result.figure(name, static_cast<double>(count));
    for (std::size_t passed = 1; passed < times_.size(); ++passed) {
        if (times_[passed].count() == 0) continue;
        result.latency.emplace_back(std::to_string(passed) + (passed > 1 ? " servers" : " server"),
                                    times_[passed]);
    }
    result.latency.emplace_back("send lateness", load_.lateness());
}

}  // namespace

Result propagation(const Target& target, const PropagationOptions& options) {
    return Propagation(target, options).run();
}

}  // namespace bench
