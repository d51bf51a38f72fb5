#include "bench/watchers.hpp"

#include <algorithm>
#include <string>

namespace bench {

Watchers::Watchers(Session& session, const Target& target, std::uint32_t clients, Seen seen)
    : target_(target), seen_(seen), slot_(target.servers.size(), unwatched) {
    for (std::size_t i = 0; i < target.servers.size(); ++i) {
        const TargetServer& server = target.servers[i];
        if (!server.watched()) continue;
        slot_[i] = servers_.size();
        servers_.push_back(i);
        observers_.emplace_back(session,
                                static_cast<std::uint32_t>(i),
                                server.name + "-observer",
                                Seen::to<&Watchers::on_seen>(*this));
        arrivals_.emplace_back(clients);
    }
}

std::uint32_t Watchers::connections(const Target& target) {
    const auto watched = std::ranges::count_if(target.servers, &TargetServer::watched);
    return static_cast<std::uint32_t>(watched) * connections_max;
}

void Watchers::open() {
    if (servers_.empty()) throw CannotMeasure("no server has an \"observer\" in the target file");
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        const TargetServer& server = target_.servers[servers_[i]];
        if (server.observed) {
            observers_[i].subscribe(server.clients);
        } else {
            observers_[i].listen(*server.observer);
        }
    }
}

void Watchers::on_seen(const Sighting& sighting) {
    Arrivals& arrivals = arrivals_[slot_[sighting.observer]];
    if (sighting.stamp < since_ || sighting.client >= arrivals.clients()) return;
    if (arrivals.arrive(sighting.client, sighting.stamp) != Arrival::duplicate) seen_(sighting);
}

bool Watchers::all_awake() const {
    return std::ranges::all_of(arrivals_, [](const Arrivals& each) { return each.total() > 0; });
}

void Watchers::fail() const {
    std::string names;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (arrivals_[i].total() > 0) continue;
        names += " " + target_.servers[servers_[i]].name;
        if (!observers_[i].refusal().empty()) names += " (" + observers_[i].refusal() + ")";
    }
    throw CannotMeasure("nothing comes to the observers of" + names);
}

std::uint64_t Watchers::total() const {
    std::uint64_t sum = 0;
    for (const Arrivals& each : arrivals_) sum += each.total();
    return sum;
}

std::uint64_t Watchers::duplicates() const {
    std::uint64_t sum = 0;
    for (const Arrivals& each : arrivals_) sum += each.duplicates();
    return sum;
}

std::uint64_t Watchers::overtaken() const {
    std::uint64_t sum = 0;
    for (const Arrivals& each : arrivals_) sum += each.overtaken();
    return sum;
}

Arrivals::Shortfall Watchers::shortfall(const Ledger& sent) const {
    Arrivals::Shortfall sum;
    for (const Arrivals& each : arrivals_) {
        const Arrivals::Shortfall one = each.compare(sent);
        sum.missing += one.missing;
        sum.superseded += one.superseded;
        sum.stale_clients += one.stale_clients;
    }
    return sum;
}

}  // namespace bench
