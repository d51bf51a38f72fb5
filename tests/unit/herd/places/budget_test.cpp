#include "herd/places/budget.hpp"

#include "tests/unit/herd/places/places_world.hpp"

#include <catch2/catch.hpp>

namespace herd::places_test {
namespace {

using namespace std::chrono_literals;
using places::Budget;
using places::Trouble;

// How many requests are made by who makes one whenever that is allowed.
int made_in(Budget& budget, reactor::Instant& now, Duration duration) {
    const auto until = now + duration;
    int made = 0;
    while (now < until) {
        if (const auto next = budget.next(now); next > now) {
            now = std::min(next, until);
        } else {
            budget.spend(now);
            ++made;
        }
    }
    return made;
}

TEST_CASE("places budget: so many in a second, and at once no more than in one", "[herd][places]") {
    Budget budget(5, 0);
    reactor::Instant now(1000s);
    CHECK(made_in(budget, now, 1ms) == 5);
    CHECK(made_in(budget, now, 199ms) == 0);
    CHECK(made_in(budget, now, 10s) == 50);
    now += 1h;
    CHECK(made_in(budget, now, 1ms) == 5);
}

TEST_CASE("places budget: so many in a day, from the first one on", "[herd][places]") {
    Budget budget(0, 100);
    reactor::Instant now(1000s);
    CHECK(made_in(budget, now, 1h) == 100);
    CHECK(budget.is_over(now));
    CHECK(made_in(budget, now, 22h) == 0);
    CHECK(made_in(budget, now, 26h) == 200);
}

TEST_CASE("places budget: without bounds there is none", "[herd][places]") {
    Budget budget;
    const reactor::Instant now(1000s);
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE_FALSE(budget.is_over(now));
        budget.spend(now);
    }
}

TEST_CASE("places budget: questions wait for it as long as they can", "[herd][places]") {
    World world;
    world.client->bound(Budget(1, 0));
    for (int i = 0; i < 8; ++i) world.ask(spot(i));
    world.settle();
    CHECK(world.fetcher.starts == 1);
    world.fetcher.find();
    for (int i = 0; i < 9; ++i) {
        world.pass(500ms);
        if (world.fetcher.taken() > 0) world.fetcher.find();
    }
    world.settle();
    // At 0, 1, 2 and 3 s: all are answered within 4.
    CHECK(world.fetcher.starts == 4);
    CHECK(world.client->counters().answered == 4);
    CHECK(world.troubles(Trouble::over_budget) == 4);
    CHECK(world.troubles(Trouble::timed_out) == 0);
    int refused = 0;
    for (const Asker& asker : world.askers) {
        CHECK(asker.answers == 1);
        refused += shows(asker, "OVER_QUERY_LIMIT", Trouble::over_budget);
    }
    CHECK(refused == 4);
}

TEST_CASE("places budget: when the day's is spent, who asks is told so at once", "[herd][places]") {
    World world;
    world.client->bound(Budget(0, 2));
    for (int i = 0; i < 3; ++i) world.ask(spot(i));
    world.settle();
    CHECK(world.fetcher.starts == 2);
    CHECK(shows(world.askers[2], "OVER_QUERY_LIMIT", Trouble::over_budget));
    CHECK(world.askers[2].at == 0s);
    // What is asked already can be shared.
    Asker& shares = world.ask(spot(1));
    world.settle();
    world.fetcher.find();
    world.settle();
    CHECK(shares.json() == found);
    world.pass(24h);
    world.ask(spot(9));
    world.settle();
    CHECK(world.fetcher.starts == 3);
}

TEST_CASE("places budget: a second attempt costs as much as the first", "[herd][places]") {
    World world;
    world.client->bound(Budget(0, 1));
    Asker& asker = world.ask(spot(1));
    world.settle();
    world.fetcher.finish({places::FetchFault::none, 503, ""});
    world.pass(4s);
    CHECK(world.fetcher.starts == 1);
    CHECK(shows(asker, "UNKNOWN_ERROR", Trouble::failing));
    CHECK(world.client->counters().retries_denied == 1);
}

TEST_CASE("places budget: the log hears of it once a second", "[herd][places]") {
    struct Witness {
        void on_trouble(Trouble trouble) { heard += trouble == Trouble::over_budget; }
        int heard = 0;
    } witness;
    World world;
    world.client->tell(reactor::Delegate<void(Trouble)>::to<&Witness::on_trouble>(witness));
    world.client->bound(Budget(0, 1));
    for (int i = 0; i < 300; ++i) {
        world.ask(spot(i % 100));
        world.pass(10ms);
    }
    CHECK(world.troubles(Trouble::over_budget) > 250);
    CHECK(witness.heard == 3);
}

}  // namespace
}  // namespace herd::places_test
