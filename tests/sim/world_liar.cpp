// The neighbour of a simulated herd that lies, where there is one: a host beyond those of the
// processes.
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <array>

namespace sim {

void World::start_liar(std::uint64_t seed) {
    const auto host = static_cast<Host>(processes_.size());
    liar_.emplace(
        kernel_, host, scenario_.config, seed, LyingHost::Invent::to<&World::invent>(*this));
}

void World::lie() {
    const std::string what = liar_->act();
    say_event("the liar " + what);
}

// A neighbour is believed what it reports, by design. So what it does report is written down as if
// a client had said it: what may not be stored is what nobody has said at all.
std::string World::invent() {
    constexpr std::array<const char*, 4> skews = {
        "+0.0", "+9223372036.854775807", "-9223372036.854775808", "-0.000000001"};
    constexpr std::array<const char*, 3> stamps = {
        "9223372036.854775807", "-9223372036.854775808", "0"};
    const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
    const Report report{"+" + std::to_string(random_.below(10)) + "-1",
                        random_.chance(5) ? stamps[random_.below(stamps.size())] : draw_stamp()};
    reports_[client].push_back(report);
    const std::string origin =
        random_.chance(10) ? std::string(protocol::server_name_size_max, 'L') : name(some_host());
    return "AT " + origin + " " + skews[random_.below(skews.size())] + " " +
           name_of(client, scenario_.long_names) + " " + report.first + " " + report.second;
}

// A3: what it claims to have counts for nothing, what it has acknowledged for what it is.
bool World::liar_lacks(Host host, const Visitor::Asked& asked) const {
    const auto& neighbours = scenario_.config.servers[host].neighbours;
    const bool linkable =
        liar_ &&
        std::ranges::find(neighbours, scenario_.config.servers.back().name) != neighbours.end();
    if (!linkable || !liar_->acknowledges_truly()) return false;
    return std::ranges::any_of(asked.had, [&](const std::string& line) {
        return !expired(host, parse_at(line)) && !liar_->has(line);
    });
}

// Its faults have an end, too: it goes, or says nothing any more that would change a table.
void World::end_lies() {
    if (!liar_) return;
    const bool goes = random_.chance(50);
    say_event(goes ? "the liar goes" : "the liar reports no more");
    goes ? liar_->leave() : liar_->calm_down();
}

// B4: what a server says of its links makes sense, whatever was said to it.
void World::check_figures() {
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] == nullptr) continue;
        const herd::Server& server = processes_[host]->server;
        const std::uint64_t seq = server.table().feed().seq();
        server.neighbours().for_each([&](const auto& neighbour, const auto& link) {
            const herd::watch::LinkStatus status = link.status();
            const bool lags = status.lag_records > seq || status.lag < reactor::Duration::zero();
            if (!lags && status.round_trip >= reactor::Duration::zero()) return;
            fail("B4", name(host) + " says nonsense of " + std::string(neighbour.name()));
        });
    }
}

}  // namespace sim
