// What clients of a simulated herd are told of those around them.
#include "protocol/command.hpp"
#include "protocol/tokens.hpp"
#include "tests/sim/plain_distance.hpp"
#include "tests/sim/said.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

namespace sim {

namespace {

struct Near {
    std::uint32_t distance_mm;
    std::string line;
};

// Nothing, if a line of it is not as it must be.
std::optional<std::vector<Near>> read(const std::string& head, const std::string& answer) {
    std::istringstream lines(answer);
    std::string line;
    std::getline(lines, line);
    std::size_t count = 0;
    if (!line.starts_with(head)) return std::nullopt;
    const char* const end = line.data() + line.size();
    if (std::from_chars(line.data() + head.size(), end, count).ptr != end) return std::nullopt;
    std::vector<Near> all;
    while (std::getline(lines, line)) {
        protocol::Tokens fields(line);
        if (fields.next() != "NEAR") return std::nullopt;
        const std::string metres(fields.next());
        const std::string_view at = fields.rest();
        if (!protocol::parse_peer_message(at)) return std::nullopt;
        all.push_back(
            {static_cast<std::uint32_t>(std::lround(std::stod(metres) * 1000)), std::string(at)});
        if (line != "NEAR " + metres + " " + std::string(at)) return std::nullopt;
    }
    if (all.size() != count) return std::nullopt;
    return all;
}

bool in_order(const Near& one, const Near& other) {
    return std::pair(one.distance_mm, std::string(parse_at(one.line).client)) <
           std::pair(other.distance_mm, std::string(parse_at(other.line).client));
}

protocol::Iso6709 place_of(std::string_view line) {
    return *protocol::parse_iso6709(parse_at(line).location);
}

}  // namespace

// Of the places that clients of this run are at: far apart, about a town, a pole, the antimeridian.
std::string World::place(std::uint64_t north, std::uint64_t east) const {
    const std::string a = std::to_string(north);
    const std::string b = std::to_string(east);
    switch (scenario_.places) {
        case Scenario::Places::apart:
            break;
        case Scenario::Places::town:
            return "+34.0" + a + "-118.4" + b;
        case Scenario::Places::pole:
            return "+89.9" + a + (east % 2 == 0 ? "+1" : "-1") + b + ".5";
        case Scenario::Places::antimeridian:
            return "-17." + a + (east % 2 == 0 ? "+179.9" : "-179.9") + b;
    }
    return "+" + a + "-" + b;
}

void World::ask_who_is_near() {
    constexpr const char* radii[] = {"0", "0.5", "2", "11.2", "50"};
    constexpr const char* bounds[] = {"0", "1", "3", "1000"};
    const auto host = static_cast<Host>(near_random_.below(processes_.size()));
    const auto client = static_cast<std::uint32_t>(near_random_.below(scenario_.clients));
    const std::string around = near_random_.chance(50)
                                   ? name_of(client, scenario_.long_names)
                                   : place(near_random_.below(10), near_random_.below(10));
    const std::size_t asked = visitors_[host].asked.size();
    say(host,
        "NEARBY " + around + " " + radii[near_random_.below(std::size(radii))] + " " +
            bounds[near_random_.below(std::size(bounds))]);
    if (visitors_[host].asked.size() <= asked || processes_[host] == nullptr) return;
    visitors_[host].asked.back().had = lines(host);
    visitors_[host].asked.back().epochs = epochs();
}

// A5: who is told of by NEARBY is where the line says, that far away, within the radius, in order,
// no more than asked for; and all are who were there, and nowhere else, from the question until the
// answer was read, or others took their place.
void World::check_near(Host host, const Visitor::Asked& asked, const std::string& answer) {
    const auto command = protocol::parse_command(asked.line);
    const auto& wanted = std::get<protocol::Nearby>(*command);
    const auto found = read("NEARBY " + name(host) + " ", answer);
    if (!found || found->size() > wanted.bound) return fail("A1", "not who is near: " + answer);
    if (!std::ranges::is_sorted(*found, in_order)) fail("A5", "not in order: " + answer);
    const std::int64_t ttl_ns = scenario_.config.ttl_s * 1'000'000'000;
    std::optional<protocol::Iso6709> centre = wanted.centre;
    std::vector<std::string> stayed;
    const bool known = !asked.epochs.empty() && asked.epochs[host] == epochs()[host] &&
                       processes_[host] != nullptr;
    const std::vector<std::string> now = known ? lines(host) : asked.had;
    std::ranges::set_intersection(asked.had, now, std::back_inserter(stayed));
    if (!wanted.client.empty()) {
        const auto its = std::ranges::find_if(stayed, [&](const std::string& line) {
            return parse_at(line).client == wanted.client;
        });
        centre.reset();
        if (known && its != stayed.end()) centre = place_of(*its);
    }
    for (const Near& near : *found) {
        const auto at = parse_at(near.line);
        if (ttl_ns > 0 && effective_ns(at) <= asked.time_ns - ttl_ns) {
            fail("S6", name(host) + " tells of who has expired: " + near.line);
        }
        if (!centre) continue;
        const long double far_mm = plain_distance_m(*centre, place_of(near.line)) * 1000;
        if (std::abs(far_mm - near.distance_mm) > 0.501L) fail("A5", "not that far: " + near.line);
        if (far_mm > wanted.radius_mm + 0.001L) fail("A5", "not so near: " + near.line);
    }
    if (!centre || !known) return;
    const bool full = found->size() == wanted.bound;
    const bool moved = stayed.size() < asked.had.size() || stayed.size() < now.size();
    for (const std::string& line : stayed) {
        const long double far_mm = plain_distance_m(*centre, place_of(line)) * 1000;
        if (far_mm > wanted.radius_mm - 0.001L && far_mm > 0) continue;
        const auto told = [&](const Near& near) { return near.line == line; };
        if (std::ranges::any_of(*found, told)) continue;
        const Near other{static_cast<std::uint32_t>(std::lround(far_mm)), line};
        if (full && (moved || found->empty() || in_order(found->back(), other))) continue;
        fail("A5", name(host) + " does not tell of " + line + ": " + asked.line + " / " + answer);
    }
}

// A2: for want of room, or as its client was not there, or had expired, at some time since: so not
// of one whose report is what it was.
void World::check_nobody_near(Host host, const Visitor::Asked& asked) {
    const bool known = !asked.epochs.empty() && asked.epochs[host] == epochs()[host] &&
                       processes_[host] != nullptr;
    if (!known || processes_[host]->server.counters().searches_refused > 0) return;
    const auto command = protocol::parse_command(asked.line);
    const auto& wanted = std::get<protocol::Nearby>(*command);
    std::vector<std::string> stayed;
    std::ranges::set_intersection(asked.had, lines(host), std::back_inserter(stayed));
    const bool there = std::ranges::any_of(
        stayed, [&](const std::string& line) { return parse_at(line).client == wanted.client; });
    if (wanted.client.empty() || there) fail("A2", name(host) + " refuses " + asked.line);
}

}  // namespace sim
