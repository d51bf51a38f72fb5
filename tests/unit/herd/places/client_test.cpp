#include "tests/unit/herd/places/places_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace herd::places_test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("places client: a thousand identical questions are one request", "[herd][places]") {
    World world;
    for (int i = 0; i < 1000; ++i) world.ask(spot(1));
    world.settle();
    CHECK(world.fetcher.starts == 1);
    CHECK(world.client->counters().shared == 999);
    world.fetcher.find();
    world.settle();
    CHECK(std::ranges::all_of(world.askers, [](const Asker& asker) {
        return asker.answers == 1 && asker.json() == found;
    }));
    CHECK(world.client->waiting() == 0);
    CHECK(world.client->slots_taken() == 0);
    CHECK(world.client->counters().requests == 1);
    CHECK(world.client->counters().answered == 1);
}

TEST_CASE("places client: answers are handed out a few per turn", "[herd][places]") {
    World world;
    for (int i = 0; i < 100; ++i) world.ask(spot(1));
    world.settle();
    world.fetcher.find();
    const auto answered = [&] { return std::ranges::count(world.askers, 1U, &Asker::answers); };
    CHECK(answered() == 0);
    for (const int expected : {32, 64, 96, 100}) {
        world.loop.run_once();
        CHECK(answered() == expected);
    }
}

TEST_CASE("places client: what is being handed out is not joined any more", "[herd][places]") {
    World world;
    world.ask(spot(1));
    world.settle();
    world.fetcher.find();
    Asker& late = world.ask(spot(1));
    world.settle();
    CHECK(late.answers == 0);
    CHECK(world.fetcher.starts == 2);
}

TEST_CASE("places client: questions are shared by position to 1e-6 and radius", "[herd][places]") {
    World world;
    world.ask({34.0689301, -118.4451270, 1'000});
    world.ask({34.0689299, -118.4451272, 1'000});
    world.ask({-0.0, 0.0, 1'000});
    world.ask({0.0, -0.0, 1'000});
    world.settle();
    CHECK(world.fetcher.starts == 2);
    world.ask({34.068931, -118.445127, 1'000});
    world.ask({34.068930, -118.445127, 1'001});
    world.settle();
    CHECK(world.fetcher.starts == 4);
    CHECK(world.client->counters().shared == 2);
}

TEST_CASE("places client: what does not find a slot waits its turn", "[herd][places]") {
    World world;
    for (int i = 0; i < 8; ++i) world.ask(spot(i));
    world.settle();
    CHECK(world.fetcher.starts == 4);
    CHECK(world.client->queued() == 4);
    world.fetcher.finish(0, {places::FetchFault::none, 200, found});
    world.settle();
    CHECK(world.fetcher.starts == 5);
    CHECK(std::string_view(world.fetcher.all[0].url.data()).find("5.000000") != std::string::npos);
    CHECK(world.askers[0].answers == 1);
}

TEST_CASE("places client: no more goes out at a time than the fetcher allows", "[herd][places]") {
    World world;
    world.fetcher.allowed = 1;
    for (int i = 0; i < 4; ++i) world.ask(spot(i));
    world.settle();
    CHECK(world.fetcher.starts == 1);
    world.fetcher.allowed = 4;
    world.fetcher.find();
    world.settle();
    CHECK(world.fetcher.starts == 4);
}

TEST_CASE("places client: when the fetcher takes more, the queue moves", "[herd][places]") {
    World world;
    world.fetcher.allowed = 1;
    world.ask(spot(1));
    world.ask(spot(2));
    world.settle();
    world.fetcher.allowed = 4;
    world.fetcher.finish({places::FetchFault::none, 500, {}});
    world.settle();
    CHECK(world.fetcher.starts == 2);
}

TEST_CASE("places client: a full queue is an answer at once, from a task", "[herd][places]") {
    World world;
    for (int i = 0; i < 12; ++i) world.ask(spot(i));
    Asker& thirteenth = world.ask(spot(12));
    Asker& sharer = world.ask(spot(11));
    CHECK(thirteenth.ticket);
    CHECK(thirteenth.answers == 0);
    world.settle();
    CHECK(shows(thirteenth, "OVER_QUERY_LIMIT", places::Trouble::busy));
    CHECK(thirteenth.at == 0ms);
    CHECK(sharer.answers == 0);
    CHECK(world.client->counters().queue_full == 1);
    CHECK(world.troubles(places::Trouble::busy) == 1);

    world.fetcher.find();
    world.settle();
    CHECK(world.ask(spot(13)).answers == 0);
    world.settle();
    CHECK(world.client->counters().queue_full == 1);
}

TEST_CASE("places client: more askers than connections get no ticket", "[herd][places]") {
    config::Limits limits = small_limits();
    limits.connections = 3;
    World world(limits);
    for (int i = 0; i < 3; ++i) CHECK(world.ask(spot(1)).ticket);
    CHECK(!world.ask(spot(1)).ticket);
    CHECK(world.client->counters().refused == 1);
    world.settle();
    world.fetcher.find();
    world.settle();
    CHECK(world.askers[3].answers == 0);
    CHECK(world.ask(spot(1)).ticket);
}

TEST_CASE("places client: a radius of nothing costs no request", "[herd][places]") {
    World world;
    Asker& asker = world.ask({1, 2, 0});
    CHECK(asker.answers == 0);
    world.settle();
    CHECK(asker.answers == 1);
    CHECK(asker.json().find("ZERO_RESULTS") != std::string_view::npos);
    CHECK(world.fetcher.starts == 0);
}

TEST_CASE("places client: an answer comes by the deadline though upstream is silent",
          "[herd][places]") {
    World world;
    Asker& first = world.ask(spot(1));
    world.pass(3s);
    Asker& second = world.ask(spot(1));
    world.pass(1s - 1ns);
    CHECK(first.answers == 0);
    world.pass(1ns);
    CHECK(shows(first, "UNKNOWN_ERROR", places::Trouble::timed_out));
    CHECK(shows(second, "UNKNOWN_ERROR", places::Trouble::timed_out));
    CHECK(first.at == 4s);
    CHECK(second.at == 4s);
    CHECK(world.fetcher.abandoned == 1);
    CHECK(world.client->counters().watchdog == 1);
    CHECK(world.troubles(places::Trouble::timed_out) == 1);
    CHECK(world.client->slots_taken() == 0);
}

TEST_CASE("places client: a transfer's limit ends before its lookup's deadline", "[herd][places]") {
    World world;
    world.ask(spot(1));
    world.settle();
    CHECK(world.fetcher.all[0].limit == 3900ms);
    world.pass(1s);
    world.fetcher.finish({places::FetchFault::broken_off, 0, {}});
    world.pass(400ms);
    CHECK(world.fetcher.starts == 2);
    CHECK(world.fetcher.all[0].limit < 2900ms);
    CHECK(world.fetcher.all[0].limit >= 2500ms);
}

TEST_CASE("places client: the deadline counts while queued, and starts no hopeless request",
          "[herd][places]") {
    World world;
    for (int i = 0; i < 4; ++i) world.ask(spot(i));
    world.pass(1ms);
    Asker& queued = world.ask(spot(5));
    world.pass(4s);
    CHECK(shows(queued, "UNKNOWN_ERROR", places::Trouble::timed_out));
    CHECK(queued.at <= 4001ms);
    CHECK(world.fetcher.starts == 4);
    CHECK(world.client->counters().watchdog == 4);
    CHECK(world.client->queued() == 0);
}

TEST_CASE("places client: what passes is tried once more after a short pause", "[herd][places]") {
    const places::FetchResult passing[] = {
        {places::FetchFault::unresolved, 0, {}},
        {places::FetchFault::unconnected, 0, {}},
        {places::FetchFault::broken_off, 0, {}},
        {places::FetchFault::none, 500, "<html>"},
        {places::FetchFault::none, 503, {}},
        {places::FetchFault::none, 200, R"({"results":[)"},
        {places::FetchFault::none, 200, "<html>"},
        {places::FetchFault::none, 200, R"({"results":[],"status":"UNKNOWN_ERROR"})"}};
    const bool recovers = GENERATE(true, false);
    for (const auto& result : passing) {
        World world;
        Asker& asker = world.ask(spot(1));
        world.settle();
        world.fetcher.finish(result);
        world.pass(100ms - 1ns);
        CHECK(world.fetcher.starts == 1);
        world.pass(300ms + 1ns);
        CHECK(world.fetcher.starts == 2);
        CHECK(asker.answers == 0);
        world.fetcher.finish(recovers ? places::FetchResult{places::FetchFault::none, 200, found}
                                      : result);
        world.pass(1s);
        CHECK(world.fetcher.starts == 2);
        CHECK(asker.answers == 1);
        CHECK(asker.at < 500ms);
        CHECK((asker.json() == found) == recovers);
        CHECK((asker.json().find("UNKNOWN_ERROR") != std::string_view::npos) != recovers);
        CHECK(world.client->counters().retries == 1);
    }
}

TEST_CASE("places client: what lasts is not tried again", "[herd][places]") {
    const places::FetchResult lasting[] = {
        {places::FetchFault::timed_out, 0, {}},
        {places::FetchFault::too_large, 0, {}},
        {places::FetchFault::untrusted, 0, {}},
        {places::FetchFault::internal, 0, {}},
        {places::FetchFault::none, 400, {}},
        {places::FetchFault::none, 403, {}},
        {places::FetchFault::none, 429, {}},
        {places::FetchFault::none, 200, R"({"results":[],"status":"REQUEST_DENIED"})"},
        {places::FetchFault::none, 200, R"({"results":[],"status":"OVER_QUERY_LIMIT"})"},
        {places::FetchFault::none, 200, R"({"results":[],"status":"INVALID_REQUEST"})"}};
    for (const auto& result : lasting) {
        World world;
        Asker& asker = world.ask(spot(1));
        world.settle();
        world.fetcher.finish(result);
        world.settle();
        CHECK(asker.answers == 1);
        CHECK(asker.json().find("error_message") != std::string_view::npos);
        world.pass(5s);
        CHECK(world.fetcher.starts == 1);
        CHECK(world.client->counters().failed == 1);
    }
}

TEST_CASE("places client: no retry is begun that could not end in time", "[herd][places]") {
    World world;
    Asker& asker = world.ask(spot(1));
    world.pass(3750ms);
    world.fetcher.finish({places::FetchFault::broken_off, 0, {}});
    world.settle();
    CHECK(asker.answers == 1);
    CHECK(world.fetcher.starts == 1);
}

TEST_CASE("places client: those who failed together do not return together", "[herd][places]") {
    World world;
    for (int i = 0; i < 4; ++i) world.ask(spot(i));
    world.settle();
    for (std::uint32_t i = 0; i < 4; ++i)
        world.fetcher.finish(i, {places::FetchFault::broken_off, 0, {}});
    std::uint32_t most_at_once = 0;
    for (int ms = 0; ms < 400; ++ms) {
        const auto before = world.fetcher.starts;
        world.pass(1ms);
        most_at_once = std::max(most_at_once, world.fetcher.starts - before);
    }
    CHECK(world.fetcher.starts == 8);
    CHECK(most_at_once == 1);
}

TEST_CASE("places client: retries are at most a tenth of the lookups, and a few",
          "[herd][places]") {
    World world;
    const int lookups = 500;
    for (int i = 0; i < lookups; ++i) {
        world.ask(spot(i % 80));
        world.settle();
        while (world.fetcher.taken() > 0) {
            world.fetcher.finish({places::FetchFault::unconnected, 0, {}});
            world.pass(400ms);
        }
    }
    CHECK(world.client->counters().retries >= 50);
    CHECK(world.client->counters().retries <= 50 + places::Client::retries_on_credit);
    CHECK(world.client->counters().retries_denied > 400);
    CHECK(world.client->counters().failed == lookups);
}

TEST_CASE("places client: a question is taken back in every state", "[herd][places]") {
    World world;
    std::string state = GENERATE("begun", "queued", "fetching", "backing_off", "ready", "answered");
    INFO(state);
    if (state == "queued") {
        for (int i = 0; i < 4; ++i) world.ask(spot(10 + i));
        world.settle();
    }
    Asker& asker = world.ask(spot(1));
    if (state != "begun") world.settle();
    if (state == "backing_off") world.fetcher.finish({places::FetchFault::broken_off, 0, {}});
    if (state == "ready" || state == "answered") world.fetcher.find();
    if (state == "answered") world.settle();
    const auto starts = world.fetcher.starts;

    world.client->cancel(asker.ticket);
    world.client->cancel(asker.ticket);
    world.pass(10s);
    CHECK(asker.answers == (state == "answered" ? 1 : 0));
    CHECK(world.client->counters().cancelled == (state == "answered" ? 0 : 1));
    CHECK(world.fetcher.starts == starts);
    CHECK(world.fetcher.taken() == 0);
    CHECK(world.fetcher.misuses == 0);
    CHECK(world.client->slots_taken() == 0);
    CHECK(world.client->queued() == 0);
    CHECK(world.client->waiting() == 0);
    CHECK(world.fetcher.abandoned == (state == "fetching" ? 1 : state == "queued" ? 4 : 0));
}

TEST_CASE("places client: the transfer goes on while one asker is left", "[herd][places]") {
    World world;
    Asker& first = world.ask(spot(1));
    Asker& second = world.ask(spot(1));
    world.settle();
    world.client->cancel(first.ticket);
    CHECK(world.fetcher.abandoned == 0);
    world.fetcher.find();
    world.settle();
    CHECK(first.answers == 0);
    CHECK(second.json() == found);
}

TEST_CASE("places client: a slot given up goes to the next in the queue", "[herd][places]") {
    World world;
    for (int i = 0; i < 5; ++i) world.ask(spot(i));
    world.settle();
    CHECK(world.fetcher.starts == 4);
    world.client->cancel(world.askers[0].ticket);
    world.settle();
    CHECK(world.fetcher.starts == 5);
}

TEST_CASE("places client: who is answered may ask again and take others back", "[herd][places]") {
    World world;
    Asker& first = world.ask(spot(1));
    Asker& second = world.ask(spot(1));
    first.asks_again = true;
    first.cancels = &second;
    world.settle();
    world.fetcher.find();
    world.settle();
    CHECK(first.answers == 1);
    CHECK(first.json() == found);
    CHECK(second.answers == 0);
    CHECK(world.fetcher.starts == 2);
    world.fetcher.find();
    world.settle();
    CHECK(first.answers == 2);
}

TEST_CASE("places client: the busy and the nowhere can be taken back too", "[herd][places]") {
    World world;
    for (int i = 0; i < 12; ++i) world.ask(spot(i));
    Asker& busy = world.ask(spot(12));
    Asker& nowhere = world.ask({1, 2, 0});
    world.client->cancel(busy.ticket);
    world.client->cancel(nowhere.ticket);
    world.settle();
    CHECK(busy.answers + nowhere.answers == 0);
}

}  // namespace
}  // namespace herd::places_test
