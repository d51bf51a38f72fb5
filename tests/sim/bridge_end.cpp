// What must hold, of herds with a bucket, when the faults have ended.
#include "tests/sim/bridge_world.hpp"
#include "tests/sim/bucket_subject.hpp"
#include "tests/sim/said.hpp"

#include <algorithm>
#include <variant>

namespace sim {

namespace {

// Of a broker silence is noticed after 6 s, and it is dialled again after 5; a call takes 20 s to
// be late; what does not come back is published again, and then purged.
constexpr std::int64_t bridge_healing_ns = 180'000 * ms;
// All of the bucket is read again, for what it has lost without a word.
constexpr std::int64_t round_ns = 600'000 * ms;
constexpr std::int64_t look_ns = 500 * ms;

}  // namespace

void BridgeWorld::heal() {
    say_event("heal everything");
    kernel_.heal_all();
    kernel_.faults = {};
    broker_.faults = {.gives_ids = gives_ids_};
    broker_.mood = BrokerHost::Mood::well;
    broker_.stall_until(kernel_.now_ns());
    // Of what the same run has lied about, or lost without a word, nobody can know.
    const bool anew = (needs_time() && !scenario_.patient) || random_.chance(20);
    if (broker_.runs() && anew) {
        say_event("the broker is started anew");
        broker_.kill(false);
        lied_ = damaged_ = false;
    }
    start_broker();
    if (FakeBucket* const bucket = broker_.stream("KV_x"); bucket != nullptr) bucket->make_room();
    for (Host host = 0; host < processes_.size(); ++host) {
        if (processes_[host] == nullptr) start(host);
    }
}

// Whether something is known to nobody.
bool BridgeWorld::needs_time() const {
    return lied_ || damaged_ || scenario_.broker.lies > 0 || scenario_.broker.drops > 0 ||
           scenario_.bucket.max_bytes > 0;
}

// N1: within a bounded time all herds and the bucket are equal, and stay so (B1 of the promises).
void BridgeWorld::converge() {
    heal();
    if (!failure_.empty()) return;
    const Lines before = newest();
    settle(bridge_healing_ns + (needs_time() ? round_ns : 0));
    if (const std::string found = difference(); !found.empty()) return fail("N1", found);
    check_nothing_lost(before);
    check_silence();
    if (const std::string found = difference(); !found.empty()) return fail("N1", found);
    check_crossing();
    check_memory();
}

// Until all are equal, and nobody has anything more to say, or should have been.
void BridgeWorld::settle(std::int64_t time_ns) {
    const std::int64_t until = kernel_.now_ns() + time_ns;
    const auto unsaid = [](const Visitor& each) { return !each.unsent.empty(); };
    do {
        for (Host host = 0; host < visitors_.size(); ++host) {
            if (!visitors_[host].unsent.empty()) exchange(host);
        }
        run_for(look_ns);
    } while (failure_.empty() && kernel_.now_ns() < until &&
             (std::ranges::any_of(visitors_, unsaid) || !difference().empty()));
}

// B3 of the promises: what some live server had when the faults ended all have in the end, and the
// bucket, or something newer.
void BridgeWorld::check_nothing_lost(const Lines& before) {
    const Lines now = lines(0);
    for (const auto& [client, line] : before) {
        const auto found = now.find(client);
        if (found == now.end() || older(version_of(found->second), version_of(line))) {
            fail("N2", "lost: " + line);
        }
    }
}

// N3: then nothing is published any more.
void BridgeWorld::check_silence() {
    std::uint64_t before = 0;
    for (int i = 0; i < 24 && failure_.empty(); ++i) {
        before = broker_.seen().published;
        run_for(10'000 * ms);
        if (broker_.seen().published == before) return;
    }
    fail("N3", "publishing does not end");
}

// How many may publish what is reported there: the bridges of its herd; and where another herd has
// two, one may hear of it by the other before the bucket shows it.
std::uint64_t BridgeWorld::publishers(Host host) const {
    const auto& herds = scenario_.herd_of;
    const auto bridges_of = [&](std::size_t herd) {
        return std::ranges::count_if(scenario_.bridges,
                                     [&](const Host each) { return herds[each] == herd; });
    };
    return static_cast<std::uint64_t>(
        std::ranges::count_if(scenario_.bridges, [&](const Host each) {
            return herds[each] == herds[host] || bridges_of(herds[each]) > 1;
        }));
}

// N4: what is reported then crosses once.
void BridgeWorld::check_crossing() {
    if (!failure_.empty()) return;
    broker_.stream("KV_x")->mend();
    const std::uint64_t before = broker_.seen().published;
    std::uint64_t most = 0;
    for (int i = 0; i < 3; ++i) {
        const Host host = some_server();
        const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
        const std::string stamp = std::to_string(stamp_ + 100 + i);
        say_report(host, client, {"+5-5", stamp});
        // On its way it would be two of one client's, and both would be published.
        const auto heard = [&] { return lines(host)[odd_name_of(client)].ends_with(" " + stamp); };
        for (int waits = 0; waits < 100 && !heard(); ++waits) settle(look_ns);
        most += publishers(host);
        settle(bridge_healing_ns);
    }
    if (const std::string found = difference(); !found.empty()) return fail("N1", found);
    const std::uint64_t published = broker_.seen().published - before;
    if (published <= most) return;
    fail("N4", std::to_string(published) + " are published of what needs " + std::to_string(most));
}

std::string BridgeWorld::difference() const {
    const Lines wanted = lines(0);
    for (Host host = 1; host < processes_.size(); ++host) {
        if (auto found = difference(wanted, lines(host), name(host)); !found.empty()) return found;
    }
    return difference(wanted, bucket(), "the bucket");
}

std::string BridgeWorld::difference(const Lines& wanted,
                                    const Lines& there,
                                    const std::string& where) const {
    const auto text = [](const Lines& lines, const std::string& client) {
        const auto found = lines.find(client);
        return found == lines.end() ? std::string("nothing") : found->second;
    };
    for (const Lines* const each : {&wanted, &there}) {
        for (const auto& [client, line] : *each) {
            if (text(wanted, client) == text(there, client)) continue;
            return "unequal: " + name(0) + " has " + text(wanted, client) + ", " + where + " has " +
                   text(there, client);
        }
    }
    return {};
}

BridgeWorld::Lines BridgeWorld::lines(Host host) const {
    Lines lines;
    for (std::uint32_t slot = 0; slot < table(host).slots(); ++slot) {
        if (!table(host).used(slot)) continue;
        const herd::table::Record& record = table(host).at(slot);
        lines.emplace(table(host).client(record), table(host).line(record));
    }
    return lines;
}

// Of each client the line that stands where it belongs. What is none is nobody's to write over
// while no herd knows the client.
BridgeWorld::Lines BridgeWorld::bucket() const {
    Lines lines;
    const FakeBucket* const bucket = broker_.stream("KV_x");
    if (bucket == nullptr) return lines;
    for (std::uint32_t client = 0; client < scenario_.clients; ++client) {
        const FakeBucket::Message* const message = bucket->find(subject(client));
        if (message == nullptr) continue;
        const auto said = protocol::parse_peer_message(message->payload);
        const auto* const at = said ? std::get_if<protocol::AtLine>(&*said) : nullptr;
        const bool whole = at != nullptr && at->whole == message->payload;
        if (whole && at->client == odd_name_of(client)) {
            lines.emplace(at->client, message->payload);
        }
    }
    return lines;
}

// By client, what any server has. What only the bucket has may be lost with it.
BridgeWorld::Lines BridgeWorld::newest() const {
    Lines newest;
    for (Host host = 0; host < processes_.size(); ++host) {
        for (const auto& [client, line] : lines(host)) {
            std::string& kept = newest[client];
            if (kept.empty() || older(version_of(kept), version_of(line))) kept = line;
        }
    }
    return newest;
}

}  // namespace sim
