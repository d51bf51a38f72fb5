// What happens to simulated herds with a bucket.
#include "tests/sim/bridge_world.hpp"
#include "tests/sim/bucket_subject.hpp"
#include "tests/sim/said.hpp"

#include <string>

namespace sim {

void BridgeWorld::event() {
    const BridgeEvent event = scenario_.draw_event(random_);
    switch (event) {
        case BridgeEvent::report:
            return report();
        case BridgeEvent::foreign:
            return write_foreign();
        case BridgeEvent::cut: {
            const auto& [a, b] = some_path();
            const bool reset = random_.chance(60);
            say_event("cut " + name(a) + "-" + name(b) + (reset ? " with resets" : " silently"));
            return kernel_.cut(a, b, reset);
        }
        case BridgeEvent::mute: {
            const auto& [a, b] = some_path();
            const bool there = random_.chance(50);
            say_event("from " + name(there ? a : b) + " nothing gets to " + name(there ? b : a));
            return there ? kernel_.mute(a, b) : kernel_.mute(b, a);
        }
        case BridgeEvent::reset: {
            const auto& [a, b] = some_path();
            say_event("reset " + name(a) + "-" + name(b));
            return kernel_.reset(a, b);
        }
        case BridgeEvent::heal: {
            const auto& [a, b] = some_path();
            say_event("heal " + name(a) + "-" + name(b));
            return kernel_.heal(a, b);
        }
        case BridgeEvent::stop:
            return stop_server();
        case BridgeEvent::start: {
            const auto host = static_cast<Host>(random_.below(processes_.size()));
            if (processes_[host] != nullptr) return;
            say_event("start " + name(host));
            return start(host);
        }
        case BridgeEvent::kill_broker:
            return kill_broker();
        case BridgeEvent::start_broker:
            return start_broker();
        case BridgeEvent::stall: {
            const std::int64_t stall = random_.between(1, 15'000);
            say_event("the broker stands still for " + std::to_string(stall) + " ms");
            return broker_.stall_until(kernel_.now_ns() + stall * ms);
        }
        case BridgeEvent::mood:
            return change_mood();
        case BridgeEvent::hang_up:
            say_event("the broker hangs up");
            return broker_.runs() ? broker_.hang_up() : void();
        case BridgeEvent::remove:
        case BridgeEvent::purge:
        case BridgeEvent::lose:
            return trouble_bucket(event);
        case BridgeEvent::lie:
            lied_ = true;
            return say_event("the broker " + broker_.lie());
    }
}

// One that has clients.
Host BridgeWorld::some_server() {
    while (true) {
        const auto host = static_cast<Host>(random_.below(processes_.size()));
        if (scenario_.takes_clients(host)) return host;
    }
}

// From a narrow range, so that many are equal and many are older.
std::string BridgeWorld::draw_stamp() {
    stamp_ += random_.between(0, 1);
    std::string stamp = std::to_string(stamp_ - random_.between(0, 3));
    if (random_.chance(10)) stamp += random_.chance(50) ? ".5" : ".50";
    return stamp;
}

void BridgeWorld::report() {
    const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
    const std::string location =
        "+" + std::to_string(random_.below(10)) + "-" + std::to_string(random_.below(10));
    const std::string stamp = draw_stamp();
    say_report(some_server(), client, {location, stamp});
    // The same report, or another of the same time, at another server.
    if (!random_.chance(20)) return;
    say_report(some_server(), client, {random_.chance(50) ? location : "-1-1", stamp});
}

void BridgeWorld::say_report(Host host, std::uint32_t client, const Report& said) {
    reports_[client].push_back(said);
    const std::string line = "IAMAT " + odd_name_of(client) + " " + said.first + " " + said.second;
    say_event("at " + name(host) + ": " + line);
    visitors_[host].unsent += line + "\n";
    exchange(host);
    if (random_.chance(10)) leave(host);
}

// A broker that lies may show in its place what somebody has written elsewhere.
void BridgeWorld::let_lie(std::uint32_t client) {
    const bool lies = scenario_.has(BridgeEvent::lie) && client < scenario_.clients;
    if (lies) reports_[client].emplace_back("+66-66", "6666");
}

// Of it may be believed what a link would believe, where it stands where it belongs.
void BridgeWorld::write_foreign() {
    if (broker_.stream("KV_x") == nullptr) return;
    const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
    const std::string at = subject(client);
    const std::string line = "AT F +0.5 " + odd_name_of(client) + " ";
    std::string payload;
    switch (random_.below(6)) {
        case 0:
            payload = std::string(random_.below(300), '\xff');
            break;
        case 1:
            // What nobody has said, in another's place.
            payload = "AT F +0.5 c" + std::to_string(client + 2) + " +66-66 6666";
            let_lie(client + 2);
            break;
        case 2:
            payload = line + "+88-88 8888 ";
            break;
        case 3:
            payload = line + "+88-88";
            break;
        case 4:
            broker_.publish(at + ".x", line + "+66-66 6666");
            broker_.publish("$KV.x.zz.cc0", line + "+66-66 6666");
            let_lie(client);
            return say_event("somebody writes beside " + at);
        default: {
            const Report said{"+7-7", draw_stamp()};
            reports_[client].push_back(said);
            payload = line + said.first + " " + said.second;
        }
    }
    say_event("somebody writes to " + at + ": " + payload);
    broker_.publish(at, payload);
}

void BridgeWorld::stop_server() {
    const auto host = static_cast<Host>(random_.below(processes_.size()));
    if (processes_[host] == nullptr) return;
    const bool power = random_.chance(30);
    say_event((power ? "power fails at " : "kill ") + name(host));
    kill(host, power);
    // Its client hears nothing of it otherwise.
    if (power && visitors_[host].fd >= 0) {
        kernel_.enter(visitor_host);
        kernel_.close(visitors_[host].fd);
        visitors_[host] = {};
    }
    if (!random_.chance(40)) return;
    say_event("start " + name(host));
    start(host);
}

void BridgeWorld::kill_broker() {
    if (!broker_.runs()) return;
    const bool silently = random_.chance(30);
    say_event(silently ? "power fails at the broker" : "kill the broker");
    broker_.kill(silently);
    lied_ = damaged_ = false;
    FakeBucket* const bucket = broker_.stream("KV_x");
    if (bucket != nullptr && scenario_.loses_latest && random_.chance(50)) {
        bucket->lose_latest(random_);
    }
    if (bucket != nullptr && random_.chance(70)) bucket->go_back(random_, scenario_.goes_back);
    if (random_.chance(60)) start_broker();
}

void BridgeWorld::start_broker() {
    if (broker_.runs()) return;
    say_event("start the broker");
    broker_.start();
}

void BridgeWorld::trouble_bucket(BridgeEvent event) {
    FakeBucket* const bucket = broker_.stream("KV_x");
    if (bucket == nullptr || !broker_.runs()) return;
    if (event == BridgeEvent::lose) {
        damaged_ = true;
        say_event("the bucket loses something");
        return bucket->lose_one(random_);
    }
    if (event == BridgeEvent::purge) {
        damaged_ = true;
        const bool all = random_.chance(50);
        const auto client = static_cast<std::uint32_t>(random_.below(scenario_.clients));
        say_event("somebody purges " + (all ? "the bucket" : subject(client)));
        broker_.purge("KV_x", all ? "" : subject(client));
        return;
    }
    say_event("somebody deletes the bucket");
    broker_.remove("KV_x");
    if (random_.chance(50)) broker_.create(scenario_.bucket);
}

void BridgeWorld::change_mood() {
    using Mood = BrokerHost::Mood;
    constexpr std::array moods = {Mood::full, Mood::unavailable, Mood::absent};
    const bool well = broker_.mood == Mood::well;
    broker_.mood = well ? moods[random_.below(moods.size())] : Mood::well;
    say_event(well ? "the broker refuses, by mood " + std::to_string(static_cast<int>(broker_.mood))
                   : "the broker takes what comes");
}

}  // namespace sim
