// The fake broker of the simulation, against the client that real ones take (tests/live/nats_test).
#include "protocol/nats_headers.hpp"
#include "tests/unit/herd/nats/fake_broker_site.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace herd::nats::fake_broker {

namespace {

using protocol::jetstream::Refusal;
using protocol::nats::Header;

std::uint32_t reason(const Called<StreamState>& called) {
    return called ? 0 : called.error().refusal.reason;
}

}  // namespace

TEST_CASE("fake broker: a bucket is made, written, read, watched and purged") {
    Site site;
    REQUIRE(site.wait_live());
    CHECK(site.connection.broker().jetstream);
    CHECK(reason(site.info()) == Refusal::stream_not_found);
    CHECK(site.ask("$KV.x.5a.c1", "v") == "[1]");  // Nobody is there to answer.
    const auto made = site.create();
    REQUIRE(made.has_value());
    CHECK(made->last_seq == 0);
    CHECK(made->max_per_subject == 1);
    CHECK(site.create()->created == made->created);
    CHECK(reason(site.create(true)) == Refusal::stream_differs);

    CHECK(site.put("5a.c1", "one"));
    CHECK(site.put("5a.c1", "two"));
    const std::array headers = {Header{"X-From", "here"}};
    site.kernel.enter(here);
    CHECK(site.connection.publish(
              {.subject = "$KV.x.5b.c2", .headers = headers, .payload = "three"}) == Said::yes);
    CHECK(site.read("5a.c1") == "two");
    CHECK(site.read("5b.c2") == "three");
    const auto read_headers = protocol::nats::Headers::parse(site.headers);
    REQUIRE(read_headers.has_value());
    CHECK(read_headers->find("X-From") == "here");
    CHECK(read_headers->find("Nats-Subject") == "$KV.x.5b.c2");
    CHECK(site.info()->messages == 2);

    CHECK(site.watch() == 2);
    CHECK(site.wait([&] { return site.seen.size() == 2; }));
    CHECK(site.pending == 0);
    CHECK(site.put("5a.c3", "four"));
    CHECK(site.wait([&] { return site.seen.size() == 3; }));
    CHECK(site.wait([&] { return site.notes > 0; }));
    CHECK(site.last_note.last_stream_seq == 4);
    CHECK(site.last_note.last_consumer_seq == 3);
    CHECK(site.seen[0] == Pair("$KV.x.5a.c1", "two"));
    CHECK(site.seen[1] == Pair("$KV.x.5b.c2", "three"));
    CHECK(site.seen[2] == Pair("$KV.x.5a.c3", "four"));

    const auto purged = site.purge("$KV.x.5a.c1");
    REQUIRE(purged.has_value());
    CHECK(purged->count == 1);
    CHECK(site.info()->messages == 2);
    CHECK(site.info()->last_seq == 4);
}

TEST_CASE("fake broker: a bucket is read whole, by who answers its flow control") {
    constexpr int keys = 300;
    Site site;
    REQUIRE(site.wait_live());
    REQUIRE(site.create().has_value());
    for (int i = 0; i < keys; ++i) {
        site.broker.publish("$KV.x.5a.c" + std::to_string(i), std::string(110, 'x'));
    }
    site.answers = false;
    CHECK(site.watch() == keys);
    site.run(5s);
    CHECK(site.seen.size() == 16);
    CHECK(site.notes > 1);  // It tells again that it waits.
    site.answers = true;
    CHECK(site.wait([&] { return site.seen.size() == keys; }));
    CHECK(site.pending == 0);
}

TEST_CASE("fake broker: killed, it has what is on disk again, under another name") {
    Site site;
    for (const bool on_disk : {false, true}) {
        REQUIRE(site.wait_live());
        const std::string before(site.connection.broker().server_id.text());
        const auto made = site.create(on_disk);
        REQUIRE(made.has_value());
        CHECK(made->on_disk == on_disk);
        CHECK(site.put("5a.c1", "one"));
        const int downs = site.downs;
        site.broker.kill(false);
        CHECK(site.wait([&] { return site.downs > downs; }));
        site.broker.start();
        REQUIRE(site.wait_live());
        CHECK(site.connection.broker().server_id.text() != before);
        if (!on_disk) {
            CHECK(reason(site.info()) == Refusal::stream_not_found);
            continue;
        }
        CHECK(site.info()->created == made->created);
        CHECK(site.read("5a.c1") == "one");
    }
}

TEST_CASE("fake broker: what went back swallows what is published, until it is purged") {
    Site site;
    REQUIRE(site.wait_live());
    REQUIRE(site.create(true).has_value());
    for (const char* const value : {"one", "two", "three"}) CHECK(site.put("5a.c1", value));
    sim::Random random(1);
    site.broker.kill(false);
    site.broker.stream("KV_x")->go_back(random, 100);
    site.broker.start();
    REQUIRE(site.wait([&] { return site.lives == 2; }));
    CHECK(site.read("5a.c1") != "three");
    site.watch();
    CHECK(site.wait([&] { return site.seen.size() == 1; }));
    CHECK(site.put("5a.c1", "four"));
    CHECK(site.read("5a.c1") == "[0]");
    site.run(5s);
    CHECK(site.seen.size() == 1);
    REQUIRE(site.purge("$KV.x.5a.c1").has_value());
    CHECK(site.put("5a.c1", "four"));
    CHECK(site.wait([&] { return site.seen.size() == 2; }));
    CHECK(site.read("5a.c1") == "four");
}

TEST_CASE("fake broker: what it lost in a crash has numbers that are given again") {
    Site site;
    REQUIRE(site.wait_live());
    REQUIRE(site.create(true).has_value());
    CHECK(site.put("5a.c1", "one"));
    for (int i = 0; i < 30; ++i) CHECK(site.put("5a.c2", std::to_string(i)));
    sim::Random random(1);
    site.broker.kill(false);
    site.broker.stream("KV_x")->lose_latest(random);
    site.broker.start();
    REQUIRE(site.wait([&] { return site.lives == 2; }));
    CHECK(site.info()->last_seq < 31);
    CHECK(site.read("5a.c1") == "one");
    CHECK(site.read("5a.c2") != "29");
}

TEST_CASE("fake broker: it refuses by the codes of real ones") {
    Site site;
    REQUIRE(site.wait_live());
    REQUIRE(site.create(false, 200).has_value());
    CHECK(site.refusal("5a.c1") == "stored");
    CHECK(site.put("5a.c2", std::string(80, 'x')));
    CHECK(site.refusal("5a.c3") == std::to_string(Refusal::stream_full));
    CHECK(site.refusal("5a.c1") == "stored");
    site.broker.mood = sim::BrokerHost::Mood::full;
    CHECK(site.refusal("5a.c1") == std::to_string(Refusal::resources_exceeded));
    site.broker.mood = sim::BrokerHost::Mood::absent;
    CHECK(site.ask("$KV.x.5a.c1", "v") == "[1]");
    CHECK_FALSE(site.info().has_value());
    site.broker.mood = sim::BrokerHost::Mood::unavailable;
    CHECK(reason(site.info()) == 10008);
    CHECK(site.ask("$KV.x.5a.c1", "v") == "[2]");
}

TEST_CASE("fake broker: the same Nats-Msg-Id again is acknowledged, and not stored") {
    Site site;
    REQUIRE(site.wait_live());
    site.broker.create(
        {.name = "KV_x", .subjects = "$KV.x.>", .duplicate_window_ns = 2'000'000'000});
    const std::array headers = {Header{"Nats-Msg-Id", "7"}};
    for (const char* const value : {"one", "two"}) {
        site.kernel.enter(here);
        CHECK(site.connection.publish(
                  {.subject = "$KV.x.5a.c1", .headers = headers, .payload = value}) == Said::yes);
    }
    CHECK(site.read("5a.c1") == "one");
    site.run(2s);
    site.kernel.enter(here);
    CHECK(site.connection.publish(
              {.subject = "$KV.x.5a.c1", .headers = headers, .payload = "two"}) == Said::yes);
    CHECK(site.read("5a.c1") == "two");
}

TEST_CASE("fake broker: of a stream that was deleted nothing more is heard") {
    Site site;
    REQUIRE(site.wait_live());
    REQUIRE(site.create().has_value());
    CHECK(site.watch() == 0);
    CHECK(site.wait([&] { return site.notes > 0; }));
    site.broker.remove("KV_x");
    REQUIRE(site.create().has_value());
    const int notes = site.notes;
    CHECK(site.put("5a.c1", "one"));
    site.run(10s);
    CHECK(site.notes == notes);
    CHECK(site.seen.empty());
    CHECK(site.downs == 0);
}

TEST_CASE("fake broker: standing still it costs no more than a send buffer") {
    Site site;
    site.kernel.buffer_size = 4096;
    REQUIRE(site.wait_live());
    REQUIRE(site.create().has_value());
    site.broker.stall_until(site.kernel.now_ns() + 4'000'000'000);
    const std::string payload(1000, 'x');
    int said = 0;
    for (; said < 1000; ++said) {
        site.kernel.enter(here);
        const std::string subject = "$KV.x.5a.c" + std::to_string(said);
        if (site.connection.publish({.subject = subject, .payload = payload}) != Said::yes) break;
        site.run(1ms);
    }
    CHECK(said < 1000);
    CHECK(site.rooms == 0);
    CHECK(site.wait([&] { return site.rooms == 1; }));
    CHECK(site.info()->messages == static_cast<std::uint64_t>(said));
    CHECK(site.downs == 0);
}

// What makes sense of it is another's to find out: nothing here may hang, or fail an assertion.
TEST_CASE("fake broker: whatever it says, its client goes on") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Site site(seed);
        site.broker.faults = {.drops = 10, .silences = 10, .swaps = 30, .lies = 30};
        for (int i = 0; i < 100; ++i) {
            site.run(std::chrono::milliseconds(i));
            site.broker.lie();
            site.kernel.enter(here);
            if (!site.connection.live()) continue;
            static_cast<void>(site.connection.publish({.subject = "$KV.x.5a.c1", .payload = "v"}));
        }
        site.broker.faults = {};
        site.broker.kill(seed % 2 == 0);
        site.broker.start();
        site.run(10s);  // Until it has noticed.
        CHECK(site.wait_live());
        const auto made = site.create();
        REQUIRE(made.has_value());
        CHECK(site.put("5a.c1", "at last"));
    }
}

}  // namespace herd::nats::fake_broker
