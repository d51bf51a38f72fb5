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

// A service that takes a while for each request, and people who ask it one question after the
// other, each other than all before; after a refusal not for 200 ms.
class Crowd {
public:
    Crowd(int people, Duration takes, const Budget& budget) : takes_(takes) {
        since_.fill(idle);
        world_.client->bound(budget);
        for (int i = 0; i < people; ++i) ask(world_.askers.emplace_back());
    }

    // How many requests were made, and how many people were told of places.
    struct Told {
        std::uint64_t requests;
        std::uint64_t good;
    };
    Told pass(Duration duration) {
        const Told before = {world_.fetcher.starts, good_};
        for (const auto end = world_.now() + duration; world_.now() < end;) step();
        return {world_.fetcher.starts - before.requests, good_ - before.good};
    }
    void takes(Duration takes) { takes_ = takes; }
    World& world() { return world_; }

private:
    static constexpr Duration idle{-1};

    static config::Limits ample_limits() {
        config::Limits limits = small_limits();
        limits.places_in_flight = FakeFetcher::slots;
        limits.places_queue = 1'000;
        return limits;
    }
    void ask(Asker& asker) {
        asker.answers = 0;
        world_.ask(asker, {1 + 1e-5 * questions_++, 2, 1'000});
    }
    void step() {
        for (std::uint32_t i = 0; i < FakeFetcher::slots; ++i) {
            const FakeFetcher::Slot& slot = world_.fetcher.all.at(i);
            if (!slot.taken) since_.at(i) = idle;
            if (since_.at(i) == idle) continue;
            const Duration time = world_.now() - since_.at(i);
            if (time < std::min(takes_, slot.limit)) continue;
            since_.at(i) = idle;
            const bool cut = slot.limit < takes_;
            world_.fetcher.finish(
                i, cut ? places::FetchResult{places::FetchFault::timed_out, 0, {}} : good);
        }
        world_.pass(10ms);
        for (std::uint32_t i = 0; i < FakeFetcher::slots; ++i) {
            const bool begun = world_.fetcher.all.at(i).taken && since_.at(i) == idle;
            if (begun) since_.at(i) = world_.now();
        }
        for (Asker& asker : world_.askers) {
            if (asker.answers == 0) continue;
            const bool is_good = asker.json() == found;
            if (!is_good && world_.now() < asker.at + 200ms) continue;
            good_ += is_good;
            ask(asker);
        }
    }

    static constexpr places::FetchResult good{places::FetchFault::none, 200, found};

    World world_{ample_limits()};
    Duration takes_;
    std::array<Duration, FakeFetcher::slots> since_{};
    int questions_ = 0;
    std::uint64_t good_ = 0;
};

TEST_CASE("places budget: what is paid for is of use, however many ask", "[herd][places]") {
    const auto people = GENERATE(20, 36, 45, 80, 300);
    const auto takes = GENERATE(20ms, 200ms, 1'000ms);
    Crowd crowd(people, takes, Budget(10, 0));
    crowd.pass(6s);
    const Crowd::Told told = crowd.pass(8s);
    CAPTURE(people, takes.count(), told.requests, told.good);
    CHECK(told.good * 10 >= told.requests * 9);
    if (people >= 36) CHECK(told.requests >= 76);
    CHECK(crowd.world().client->queued() <= 40);
}

TEST_CASE("places budget: a service that was slow once is asked again", "[herd][places]") {
    Crowd crowd(45, 3'700ms, Budget(10, 0));
    crowd.pass(20s);
    crowd.takes(50ms);
    crowd.pass(10s);
    const Crowd::Told told = crowd.pass(8s);
    CHECK(told.requests >= 76);
    CHECK(told.good * 10 >= told.requests * 9);
}

TEST_CASE("places budget: whoever it does not suffice for in time is told so at once",
          "[herd][places]") {
    Crowd crowd(0, 0ms, Budget(2, 0));
    World& world = crowd.world();
    for (int i = 0; i < 12; ++i) world.ask(spot(i));
    world.settle();
    const auto refused = [&world] { return world.troubles(Trouble::over_budget); };
    // Two at 0 s, and two each second up to 3.5 s.
    CHECK(refused() == 3);
    for (std::size_t i = 9; i < 12; ++i) {
        CHECK(shows(world.askers[i], "OVER_QUERY_LIMIT", Trouble::over_budget));
        CHECK(world.askers[i].at == 0s);
    }
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
