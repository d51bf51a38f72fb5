// Bridges of two herds at a real nats-server.
#include "tests/live/bridge_sites.hpp"
#include "tests/live/nats_site.hpp"
#include "tests/live/skip.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

namespace bridge_test {

using namespace live;
using namespace std::chrono_literals;
using live::bridges::Site;
using live::bridges::wait;
using live::nats::Broker;
using live::nats::SealedBroker;

namespace {

bool there_is_none() {
    if (!live::nats::server_program().empty()) return false;
    skip("there is no nats-server (Debian: nats-server)");
    return true;
}

herd::config::Bridge at(const Broker& broker) {
    herd::config::Bridge bridge;
    bridge.addresses = {broker.address()};
    bridge.bucket = "x";
    return bridge;
}

// Somebody else who has the bucket open.
class Foreigner {
public:
    explicit Foreigner(const Broker& broker, herd::nats::Options options = {})
        : site_(with(broker, std::move(options))) {
        REQUIRE(site_.wait_live());
    }
    std::string ask(const std::string& subject, const std::string& payload = "") {
        return site_.ask(subject, payload);
    }
    void put(const std::string& key, const std::string& value) {
        const std::string answer = ask("$KV.x." + key, value);
        INFO(answer);
        REQUIRE(answer.find("\"seq\"") != std::string::npos);
    }
    // All that the bucket has, by its keys, as one sees it who comes anew.
    std::map<std::string, std::string> all() const {
        live::nats::Site site(site_.options);
        REQUIRE(site.wait_live());
        const std::string subject = site.deliver_subject();
        using herd::nats::Connection;
        REQUIRE(site.connection.subscribe(
                    subject, Connection::Deliver::to<&live::nats::Site::on_delivery>(site)) != 0);
        const std::string answer =
            site.ask("$JS.API.CONSUMER.CREATE.KV_x",
                     R"({"stream_name":"KV_x","config":{"deliver_subject":")" + subject +
                         R"(","deliver_policy":"all","ack_policy":"none"}})");
        INFO(answer);
        const auto consumer = protocol::jetstream::parse_consumer(answer);
        REQUIRE(consumer.has_value());
        if (consumer->pending > 0) {
            REQUIRE(site.wait([&] { return !site.seen.empty() && site.pending == 0; }));
        }
        std::map<std::string, std::string> all;
        for (const auto& [key, value] : site.seen) all[key] = value;
        return all;
    }

private:
    static herd::nats::Options with(const Broker& broker, herd::nats::Options options) {
        options.addresses = {broker.address()};
        return options;
    }

    live::nats::Site site_;
};

// Whether the bucket has exactly what the table has.
bool is_equal(const std::map<std::string, std::string>& bucket,
              const herd::table::LocationTable& table) {
    if (bucket.size() != table.size()) return false;
    std::size_t found = 0;
    for (const auto& [key, line] : bucket) {
        const auto message = protocol::parse_peer_message(line);
        const auto* const at = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
        if (at == nullptr) return false;
        const auto* const record = table.find(at->client);
        found += record != nullptr && table.line(*record) == line;
    }
    return found == bucket.size();
}

bool all_live(const std::vector<Site*>& sites) {
    for (const Site* const site : sites) {
        if (site->bridge().state != "live") return false;
        if (site->members[0]->server.neighbours().reach().live == 0) return false;
    }
    return true;
}

// The tables of all servers and bridges of both herds are one, and nothing is on its way.
bool all_equal(const std::vector<Site*>& sites, std::uint32_t clients) {
    for (const Site* const site : sites) {
        if (!site->has_said() || site->bridge().state != "live") return false;
        for (std::size_t i = 0; i < site->members.size(); ++i) {
            if (site->table(i).size() != clients) return false;
            const auto root = site->table(i).digest().root();
            if (root != sites[0]->table().digest().root()) return false;
        }
        if (site->bridge().lag_records > 0 || site->bridge().window > 0) return false;
    }
    return true;
}

std::string name(int i) {
    return "c" + std::to_string(i) + (i % 7 == 0 ? ".*>=\xff" : "");
}

// Two herds at one broker.
struct Two {
    explicit Two(const herd::config::Bridge& bridge) : east("East", bridge), west("West", bridge) {
        east.start();
        west.start();
    }
    bool wait_equal(std::uint32_t clients) {
        return wait(both, [&] { return all_equal(both, clients); });
    }
    void report(int clients, std::int64_t second) {
        for (int i = 0; i < clients; ++i) (i % 2 == 0 ? east : west).report(name(i), second);
    }
    void run(Clock::duration time) {
        wait(
            both, [] { return false; }, time);
    }

    Site east;
    Site west;
    std::vector<Site*> both = {&east, &west};
};

constexpr std::int64_t start_s = 1'600'000'000;

}  // namespace

TEST_CASE("bridge: what is reported at one site is known at the other, and in the bucket",
          "[live][bridge]") {
    if (there_is_none()) return;
    const Broker broker;
    Two two(at(broker));
    REQUIRE(wait(two.both, [&] { return all_live(two.both); }));
    two.report(200, start_s);
    two.east.report(std::string(1'500, 'l'), start_s);
    CHECK(two.wait_equal(201));
    two.report(200, start_s + 1);
    CHECK(two.wait_equal(201));
    CHECK(two.east.line_of(name(1)).starts_with("AT West "));
    CHECK(two.west.line_of(name(0)).starts_with("AT East "));
    Foreigner foreigner(broker);
    const auto bucket = foreigner.all();
    CHECK(is_equal(bucket, two.east.table()));
    CHECK(two.east.counters().bridge_lines_bad == 0);
    CHECK(two.east.counters().bridge_unseen == 0);
    CHECK(two.east.bridge().keys == 201);

    // One that begins anew reads all, and has nothing to add.
    two.east.kill_bridge(1);
    two.east.start_bridge(1);
    CHECK(two.wait_equal(201));
    CHECK(two.east.counters().bridge_published == 0);
    CHECK(two.east.counters().bridge_received >= 201);
}

TEST_CASE("bridge: a broker that is killed and begins anew costs nothing but time",
          "[live][bridge]") {
    if (there_is_none()) return;
    for (const auto storage : {herd::config::Storage::memory, herd::config::Storage::file}) {
        Broker broker;
        herd::config::Bridge bridge = at(broker);
        bridge.storage = storage;
        Two two(bridge);
        REQUIRE(wait(two.both, [&] { return all_live(two.both); }));
        constexpr int clients = 1'000;
        std::int64_t second = start_s;
        for (int round = 0; round < 2; ++round) {
            for (int i = 0; i < 3; ++i) two.report(clients, ++second);
            two.run(30ms);
            broker.kill(SIGKILL);
            two.report(clients, ++second);
            REQUIRE(wait(two.both, [&] { return two.east.bridge().state == "down"; }));
            two.report(clients, ++second);
            broker.start();
            two.report(clients, ++second);
            CHECK(two.wait_equal(clients));
        }
        Foreigner foreigner(broker);
        CHECK(is_equal(foreigner.all(), two.west.table()));
        CHECK(two.east.line_of(name(0)).find(std::to_string(second)) != std::string::npos);
        CHECK(two.east.counters().bridge_sick == 0);
    }
}

TEST_CASE("bridge: a bucket that is deleted or purged by somebody is filled again",
          "[live][bridge]") {
    if (there_is_none()) return;
    const Broker broker;
    Two two(at(broker));
    REQUIRE(wait(two.both, [&] { return all_live(two.both); }));
    two.report(300, start_s);
    REQUIRE(two.wait_equal(300));
    Foreigner foreigner(broker);
    foreigner.ask("$JS.API.STREAM.PURGE.KV_x");
    REQUIRE(foreigner.all().empty());
    CHECK(wait(two.both, [&] {
        return two.east.bridge().keys == 300 && two.east.bridge().state == "live" &&
               two.east.counters().bridge_reopened > 0 && all_equal(two.both, 300);
    }));
    CHECK(wait(two.both, [&] { return is_equal(foreigner.all(), two.east.table()); }));

    foreigner.ask("$JS.API.STREAM.DELETE.KV_x");
    two.report(300, start_s + 1);
    CHECK(wait(two.both, [&] {
        return two.east.counters().bridge_reopened > 1 && all_equal(two.both, 300);
    }));
    CHECK(is_equal(foreigner.all(), two.east.table()));
}

TEST_CASE("bridge: whatever somebody else writes into the bucket, no table goes back",
          "[live][bridge]") {
    if (there_is_none()) return;
    const Broker broker;
    Two two(at(broker));
    two.east.config.max_future_ms = 0;
    REQUIRE(wait(two.both, [&] { return all_live(two.both); }));
    for (const char* const client : {"old", "rubbish", "gone", "mine"}) {
        two.east.report(client, start_s + 100);
    }
    REQUIRE(two.wait_equal(4));
    const std::string mine = two.east.line_of("mine");
    Foreigner foreigner(broker);
    const auto key = [](const std::string& client) {
        std::array<char, 16> text{};
        const auto shard = herd::bridge::Subjects::shard_of(client);
        std::snprintf(text.data(), text.size(), "%02x.c", shard);
        return text.data() + client;
    };
    foreigner.put(key("old"), "AT Other +0.000000000 old +1.0-2.0 " + std::to_string(start_s));
    foreigner.put(key("rubbish"), "rubbish");
    foreigner.put(key("rubbish"), std::string(50'000, 'x'));
    foreigner.put(key("gone"), "");
    // Of another client, with hops, and in a shard that is not its own.
    foreigner.put(key("mine"), two.east.line_of("old"));
    foreigner.put("zz.cmine", mine);
    foreigner.put(key("mine"), mine + " hop");
    foreigner.put(key("new"), "AT Other +0.000000000 new +1.0-2.0 " + std::to_string(start_s));
    foreigner.put(key("newer"), "AT Other +0.000000000 gone +1.0-2.0 " + std::to_string(start_s));
    CHECK(two.wait_equal(5));
    CHECK(two.west.line_of("new").starts_with("AT Other "));
    CHECK(two.west.line_of("mine") == mine);
    CHECK(two.east.counters().bridge_lines_bad >= 5);
    CHECK(two.east.counters().bridge_older >= 1);
    CHECK(wait(two.both, [&] {
        const auto bucket = foreigner.all();
        for (const char* const client : {"old", "rubbish", "gone", "mine", "new"}) {
            if (bucket.at("$KV.x." + key(client)) != two.east.line_of(client)) return false;
        }
        return true;
    }));
}

TEST_CASE("bridge: a full bucket takes what it knows, and what is new waits", "[live][bridge]") {
    if (there_is_none()) return;
    const Broker broker;
    herd::config::Bridge bridge = at(broker);
    bridge.max_bytes = 20'000;
    Two two(bridge);
    REQUIRE(wait(two.both, [&] { return all_live(two.both); }));
    two.report(400, start_s);
    CHECK(wait(two.both, [&] { return two.east.counters().bridge_refused_full > 0; }));
    two.run(200ms);
    // Which site was quicker has more of its clients in it.
    Foreigner foreigner(broker);
    const auto bucket = foreigner.all();
    CHECK(bucket.size() > 50);
    CHECK(bucket.size() < 300);
    const auto is_in_bucket = [&](const std::string& client) {
        return std::ranges::any_of(
            bucket, [&](const auto& entry) { return entry.second.contains(" " + client + " "); });
    };
    std::vector<std::string> known;
    for (int i = 0; i < 400; ++i) {
        if (is_in_bucket(name(i))) known.push_back(name(i));
    }
    CHECK(known.size() == bucket.size());
    two.report(400, start_s + 1);
    CHECK(wait(two.both, [&] {
        return std::ranges::all_of(known, [&](const std::string& client) {
            const std::string newest = std::to_string(start_s + 1);
            return two.east.line_of(client).contains(newest) &&
                   two.west.line_of(client).contains(newest);
        });
    }));
    CHECK(two.east.counters().bridge_unseen == 0);
}

TEST_CASE("bridge: a broker that stands still is waited for, and then left", "[live][bridge]") {
    if (there_is_none()) return;
    const Broker broker;
    Two two(at(broker));
    REQUIRE(wait(two.both, [&] { return all_live(two.both); }));
    two.report(500, start_s);
    REQUIRE(two.wait_equal(500));
    broker.signal(SIGSTOP);
    for (int i = 1; i <= 20; ++i) two.report(500, start_s + i);
    CHECK(wait(
        two.both, [&] { return two.east.bridge().state == "down"; }, 15s));
    CHECK(two.east.members[1]->server.wire().blocks().in_use() < 100);
    broker.signal(SIGCONT);
    CHECK(two.wait_equal(500));
}

TEST_CASE("bridge: the second bridge of a herd is silent while the first works", "[live][bridge]") {
    if (there_is_none()) return;
    const Broker broker;
    herd::config::Bridge bridge = at(broker);
    // The first one may take its time, on a busy machine.
    bridge.standby_ms = 2'000;
    Site east("East", bridge, 2);
    Site west("West", bridge);
    const std::vector<Site*> both = {&east, &west};
    east.start();
    west.start();
    REQUIRE(wait(both, [&] { return all_live(both) && east.bridge(2).state == "live"; }));
    CHECK(east.bridge(2).standby);
    CHECK_FALSE(east.bridge(1).standby);
    for (int i = 0; i < 300; ++i) east.report(name(i), start_s);
    REQUIRE(wait(both, [&] { return all_equal(both, 300); }));
    // Of what it was shown it will publish nothing.
    REQUIRE(wait(both, [&] { return east.bridge(2).keys == 300; }));
    CHECK(east.counters(2).bridge_published == 0);
    east.kill_bridge(1);
    for (int i = 0; i < 300; ++i) east.report(name(i), start_s + 1);
    CHECK(wait(
        both,
        [&] {
            for (int i = 0; i < 300; ++i) {
                if (!west.line_of(name(i)).contains(std::to_string(start_s + 1))) return false;
            }
            return true;
        },
        20s));
    CHECK(east.counters(2).bridge_published == 300);
}

TEST_CASE("bridge: who a broker does not know is told so, with TLS and without", "[live][bridge]") {
    if (there_is_none()) return;
    const SealedBroker sealed;
    const std::string& keys = sealed.keys;
    herd::config::Bridge bridge = at(sealed.broker);
    bridge.user = "herd";
    bridge.password_file = write_secret(sealed.folder / "right", "secret\n").string();
    Site right("Right", bridge);
    right.seal(herd::tls::files_in(keys, ""), "broker");
    bridge.password_file = write_secret(sealed.folder / "wrong", "guess\n").string();
    Site wrong("Wrong", bridge);
    wrong.seal(herd::tls::files_in(keys, ""), "broker");
    Site plain("Plain", bridge);
    Site misled("Misled", bridge);
    misled.seal(herd::tls::files_in(keys, ""), "another");
    const std::vector<Site*> all = {&right, &wrong, &plain, &misled};
    for (Site* const site : all) site->start();
    right.report("kiwi", start_s);
    CHECK(wait(all, [&] { return right.bridge().keys == 1 && right.bridge().tls; }));
    CHECK(wait(all, [&] { return wrong.log().find("why=denied") != std::string::npos; }));
    CHECK(wait(all, [&] { return plain.log().find("why=no_tls") != std::string::npos; }));
    CHECK(wait(all, [&] { return misled.log().find("why=unshaken") != std::string::npos; }));
    CHECK(wrong.bridge().state == "down");
    CHECK(plain.bridge().state == "down");
    CHECK(misled.bridge().state == "down");
}

}  // namespace bridge_test
