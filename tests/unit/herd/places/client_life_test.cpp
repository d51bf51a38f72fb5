#include "tests/unit/herd/places/places_world.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <vector>

namespace herd::places_test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("places client: it may end in the middle of everything", "[herd][places]") {
    auto world = std::make_unique<World>();
    for (int i = 0; i < 14; ++i) world->ask(spot(i));
    for (int i = 0; i < 40; ++i) world->ask(spot(0));
    world->loop.run_once();
    world->fetcher.finish(0, {places::FetchFault::none, 200, found});
    world->loop.run_once();
    world->fetcher.finish(1, {places::FetchFault::broken_off, 0, {}});
    world->client.reset();
    CHECK(world->fetcher.taken() == 0);
    CHECK(world->fetcher.misuses == 0);
}

TEST_CASE("places client: a deadline that comes closer does so for those who wait already",
          "[herd][places]") {
    World world;
    Asker& early = world.ask(spot(1));
    world.pass(3'900ms);
    Asker& late = world.ask(spot(2));
    world.pass(1ms);
    world.client->limit_time(1s);
    world.client->check();
    Asker& next = world.ask(spot(3));
    world.pass(2s);
    CHECK(early.at == 4s);
    CHECK(late.at == 4'901ms);
    CHECK(next.at == 4'901ms);
    for (const Asker* each : {&early, &late, &next}) {
        CHECK(shows(*each, "UNKNOWN_ERROR", places::Trouble::timed_out));
    }
}

TEST_CASE("places client: with a later deadline slow answers are waited for", "[herd][places]") {
    World world;
    world.client->limit_time(1s);
    world.client->limit_time(10s);
    const Asker& asker = world.ask(spot(1));
    world.pass(9s);
    world.fetcher.find();
    world.settle();
    CHECK(asker.json() == found);
    CHECK(world.client->counters().watchdog == 0);
}

struct Witness {
    void on_trouble(places::Trouble trouble) {
        last = trouble;
        ++count;
    }
    places::Trouble last{};
    int count = 0;
};

TEST_CASE("places client: what comes before the fetcher can fetch waits for it", "[herd][places]") {
    World world;
    world.fetcher.prepared = false;
    Asker& asker = world.ask(spot(1));
    world.ask(spot(2));
    world.settle();
    CHECK(world.fetcher.prepares > 0);
    CHECK(world.fetcher.starts == 0);
    world.fetcher.be_prepared();
    world.settle();
    CHECK(world.fetcher.starts == 2);
    world.fetcher.finish(0, {places::FetchFault::none, 200, found});
    world.settle();
    CHECK(asker.json() == found);
}

TEST_CASE("places client: nobody waits for a fetcher longer than for an answer", "[herd][places]") {
    World world;
    world.fetcher.prepared = false;
    world.settle();
    CHECK(world.fetcher.prepares == 0);
    Asker& asker = world.ask(spot(1));
    world.pass(4s);
    CHECK(asker.answers == 1);
    CHECK(world.fetcher.starts == 0);
    CHECK(world.troubles(places::Trouble::timed_out) == 1);
}

TEST_CASE("places client: the log is told of each trouble", "[herd][places]") {
    World world;
    Witness witness;
    world.client->tell(reactor::Delegate<void(places::Trouble)>::to<&Witness::on_trouble>(witness));
    world.ask(spot(1));
    world.settle();
    world.fetcher.finish({places::FetchFault::none, 500, {}});
    CHECK(witness.last == places::Trouble::failing);
    world.pass(400ms);
    world.fetcher.finish({places::FetchFault::none, 403, {}});
    CHECK(witness.last == places::Trouble::denied);
    CHECK(witness.count == 2);
}

places::FetchResult any_result(std::uint64_t dice) {
    switch (dice % 6) {
        case 0:
            return {places::FetchFault::unconnected, 0, {}};
        case 1:
            return {places::FetchFault::none, 500, {}};
        case 2:
            return {places::FetchFault::none, 429, {}};
        case 3:
            return {places::FetchFault::timed_out, 0, {}};
        default:
            return {places::FetchFault::none, 200, found};
    }
}

// One random step of a crowd's life.
void step(World& world, std::vector<Duration>& asked, std::mt19937_64& dice) {
    const auto roll = dice() % 100;
    const auto index = dice() % asked.size();
    Asker& asker = world.askers[index];
    if (roll < 50) {
        if (asker.ticket) return;
        asker.answers = 0;
        asked[index] = world.now();
        world.ask(asker, spot(static_cast<int>(dice() % 20)));
    } else if (roll < 60) {
        world.client->cancel(asker.ticket);
        asker.ticket = {};
    } else if (roll < 80) {
        const auto slot = static_cast<std::uint32_t>(dice() % 4);
        if (world.fetcher.all[slot].taken) world.fetcher.finish(slot, any_result(dice()));
    } else if (roll < 95) {
        world.loop.run_once();
    } else {
        world.pass(std::chrono::milliseconds(dice() % 600));
    }
}

TEST_CASE("places client: whatever happens, each question is answered once and in time",
          "[herd][places]") {
    std::mt19937_64 dice(GENERATE(1U, 2U, 3U, 4U));
    World world;
    std::vector<Duration> asked(60);
    world.askers.resize(asked.size());
    std::size_t wrong = 0;
    std::size_t answered = 0;
    for (int i = 0; i < 50'000; ++i) {
        step(world, asked, dice);
        for (std::size_t who = 0; who < asked.size(); ++who) {
            Asker& asker = world.askers[who];
            if (!asker.ticket) {
                wrong += asker.answers > 1;
            } else if (asker.answers > 0) {
                wrong += asker.answers != 1 || asker.at - asked[who] > 4s;
                asker.ticket = {};
                ++answered;
            } else {
                wrong += world.now() - asked[who] > 4s;
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(answered > 2'000);
    CHECK(world.fetcher.misuses == 0);
    world.pass(5s);
    CHECK(world.client->waiting() == 0);
    CHECK(world.client->slots_taken() == 0);
    CHECK(world.client->queued() == 0);
    CHECK(world.client->counters().retries > 0);
    CHECK(world.client->counters().watchdog > 0);
    CHECK(world.client->counters().queue_full > 0);
}

TEST_CASE("places client: after open() it allocates nothing", "[herd][places]") {
    World world;
    std::mt19937_64 dice(5);
    std::vector<Duration> asked(60);
    world.askers.resize(asked.size());
    const auto before = allocations();
    for (int i = 0; i < 10'000; ++i) {
        step(world, asked, dice);
        for (Asker& asker : world.askers) {
            if (asker.answers > 0) asker.ticket = {};
        }
    }
    CHECK(allocations() == before);
}

}  // namespace
}  // namespace herd::places_test
