#include "tests/unit/reactor/shaking_house.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace reactor::handshakes_test {

using namespace shaking;

TEST_CASE("handshakes: both sides are handed over, and know each other's names",
          "[reactor][handshakes]") {
    House house;
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    house.dial({.dials = true, .name = "B", .expected = "A"}, std::move(pair.theirs));
    CHECK(house.id);
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 2; }));
    const bool first = house.seals[0]->proves("A");
    CHECK(house.seals[first ? 1 : 0]->proves("B"));
    CHECK(house.seals[first ? 0 : 1]->proves("A"));
    CHECK(house.handshakes.under_way() == 0);
    CHECK(house.handshakes.shaking() == 0);
    CHECK(house.handshakes.counters().done == 2);
    house.handshakes.check();
}

TEST_CASE("handshakes: no seal is made before the first record is whole", "[reactor][handshakes]") {
    House house;
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    const std::string text = greeting();
    for (const char byte : text.substr(0, text.size() - 1)) {
        say(pair.theirs, {&byte, 1});
        turn(house.loop, 3);
        CHECK(house.handshakes.shaking() == 0);
    }
    // Nothing spins meanwhile.
    CHECK(iterations_at_rest(house.loop) <= at_rest_max);
    say(pair.theirs, text.substr(text.size() - 1));
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 1; }));
    // Whoever owns it now hears of each byte again.
    say(pair.theirs, "x");
    CHECK(hear(house.sockets[0]) == "x");
}

TEST_CASE("handshakes: who does not speak TLS is told so, and not reset", "[reactor][handshakes]") {
    House house;
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    say(pair.theirs, "IAMAT kiwi +1-1 5\n");
    std::string heard;
    REQUIRE(run_until(house.loop, [&] {
        heard += hear(pair.theirs);
        return !heard.empty();
    }));
    CHECK(heard == "? TLS is spoken here\n");
    CHECK(hears_end(pair.theirs));
    CHECK(house.handshakes.counters().plain == 1);
    CHECK(house.plain);
    shutdown(pair.theirs.fd(), SHUT_WR);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.under_way() == 0; }));
}

TEST_CASE("handshakes: who does not speak TLS is handed over where that is taken",
          "[reactor][handshakes]") {
    House house;
    house.door.takes_plain = true;
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    say(pair.theirs, "HELLO\n");
    REQUIRE(run_until(house.loop, [&] { return house.sockets.size() == 1; }));
    CHECK(house.seals[0] == nullptr);
    CHECK(hear(house.sockets[0]) == "HELLO\n");
    CHECK(house.handshakes.counters().plain == 0);
    CHECK(house.handshakes.counters().done == 0);
    house.handshakes.check();
    // Those who do are sealed there as everywhere.
    Pair sealed = tcp_pair();
    house.handshakes.accept(std::move(sealed.ours), house.door);
    house.dial({.dials = true, .name = "B", .expected = "A"}, std::move(sealed.theirs));
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 3; }));
    CHECK(house.handshakes.counters().done == 2);
}

TEST_CASE("handshakes: who says nothing is handed over in the end where plain ones are",
          "[reactor][handshakes]") {
    for (const bool taken : {true, false}) {
        House house({.whole = std::chrono::milliseconds(20)});
        house.door.takes_plain = taken;
        Pair silent = tcp_pair();
        Pair half = tcp_pair();
        house.handshakes.accept(std::move(silent.ours), house.door);
        house.handshakes.accept(std::move(half.ours), house.door);
        say(half.theirs, greeting().substr(0, 3));
        turn(house.loop, 3);
        REQUIRE(house.handshakes.under_way() == 2);
        REQUIRE(run_until(house.loop, [&] {
            house.handshakes.tick();
            return house.handshakes.under_way() == 0;
        }));
        CHECK(house.sockets.size() == (taken ? 1 : 0));
        CHECK(house.handshakes.counters().timed_out == (taken ? 1 : 2));
        house.handshakes.check();
    }
}

TEST_CASE("handshakes: one who dials learns that the other side does not speak TLS",
          "[reactor][handshakes]") {
    House house;
    Pair pair = tcp_pair();
    house.dial({.dials = true, .name = "B"}, std::move(pair.ours));
    say(pair.theirs, "ERR 507\n");
    REQUIRE(run_until(house.loop, [&] { return !house.refusals.empty(); }));
    CHECK(house.plain);
}

TEST_CASE("handshakes: a refusal is told with its reason, and lingers", "[reactor][handshakes]") {
    House house;
    house.shape.refuses = true;
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    say(pair.theirs, greeting());
    REQUIRE(run_until(house.loop, [&] { return !house.refusals.empty(); }));
    CHECK(house.refusals == Texts{"by chance"});
    CHECK_FALSE(house.plain);
    CHECK(house.handshakes.shaking() == 0);
    CHECK(house.handshakes.under_way() == 1);
    CHECK(hears_end(pair.theirs));
    pair.theirs.close();
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.under_way() == 0; }));
}

TEST_CASE("handshakes: one who dials another than it meant is told", "[reactor][handshakes]") {
    House house;
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    house.dial({.dials = true, .name = "B", .expected = "C"}, std::move(pair.theirs));
    REQUIRE(run_until(house.loop, [&] { return !house.refusals.empty(); }));
    CHECK(house.refusals[0] == "another name");
}

TEST_CASE("handshakes: what takes too long ends", "[reactor][handshakes]") {
    House house({.whole = std::chrono::milliseconds(20)});
    Pair silent = tcp_pair();
    Pair half = tcp_pair();
    Pair dialled = tcp_pair();
    house.handshakes.accept(std::move(silent.ours), house.door);
    house.handshakes.accept(std::move(half.ours), house.door);
    say(half.theirs, greeting().substr(0, 6));
    house.dial({.dials = true, .name = "B"}, std::move(dialled.ours));
    REQUIRE(run_until(house.loop, [&] {
        house.handshakes.tick();
        return house.handshakes.under_way() == 0;
    }));
    CHECK(house.handshakes.counters().timed_out == 3);
    CHECK(house.refusals == Texts{"no answer in time"});  // The one that has a seal.
    CHECK(hears_end(silent.theirs));
}

TEST_CASE("handshakes: one that ends within its first record goes at once, and nothing spins",
          "[reactor][handshakes]") {
    for (const std::size_t size : {0U, 3U, 6U}) {
        House house;
        Pair pair = tcp_pair();
        house.handshakes.accept(std::move(pair.ours), house.door);
        if (size > 0) say(pair.theirs, greeting().substr(0, size));
        turn(house.loop, 3);
        shutdown(pair.theirs.fd(), SHUT_WR);
        REQUIRE(run_until(house.loop, [&] {
            return house.handshakes.under_way() == 0 || !house.refusals.empty();
        }));
        CHECK(iterations_at_rest(house.loop) <= at_rest_max);
    }
}

TEST_CASE("handshakes: one that is reset while it waits for its step makes nothing spin",
          "[reactor][handshakes]") {
    House house({.slots = 4, .shaking = 1});
    Pair stalls = tcp_pair();
    Pair waits = tcp_pair();
    for (Pair* pair : {&stalls, &waits}) {
        house.handshakes.accept(std::move(pair->ours), house.door);
        say(pair->theirs, greeting());
        if (pair == &waits) slam(pair->theirs);
    }
    turn(house.loop, 5);
    CHECK(iterations_at_rest(house.loop) <= at_rest_max);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.under_way() == 0; }));
}

TEST_CASE("handshakes: a dialled one that is cancelled is nobody's any more",
          "[reactor][handshakes]") {
    House house;
    Pair pair = tcp_pair();
    house.dial({.dials = true, .name = "B"}, std::move(pair.ours));
    house.handshakes.cancel(house.id);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.under_way() == 0; }));
    CHECK(hears_end(pair.theirs) == false);  // Its greeting comes first.
    CHECK(house.refusals.empty());
    CHECK(house.seals.empty());
    house.handshakes.cancel(house.id);
}

TEST_CASE("handshakes: when one is cancelled, or takes too long, the next begins",
          "[reactor][handshakes]") {
    const bool cancelled = GENERATE(true, false);
    constexpr auto whole = std::chrono::milliseconds(600);
    House house({.slots = 4, .shaking = 1, .whole = whole});
    Pair silent = tcp_pair();
    Pair waits = tcp_pair();
    house.dial({.dials = true, .name = "B"}, std::move(silent.ours));
    turn(house.loop, 3);
    std::this_thread::sleep_for(whole * 2 / 3);
    turn(house.loop);
    house.handshakes.accept(std::move(waits.ours), house.door);
    say(waits.theirs, greeting());
    turn(house.loop, 5);
    CHECK(house.seals.empty());
    if (cancelled) house.handshakes.cancel(house.id);
    REQUIRE(run_until(house.loop, [&] {
        if (house.refusals.empty() && !cancelled) house.handshakes.tick();
        return house.seals.size() == 1;
    }));
    CHECK(house.refusals.size() == (cancelled ? 0 : 1));
}

TEST_CASE("handshakes: where little is left no helper is asked, and the next begins",
          "[reactor][handshakes]") {
    House house({.slots = 4, .shaking = 1});
    Pair dialled = tcp_pair();
    Pair waits = tcp_pair();
    house.dial({.dials = true, .name = "B", .expected = "A"}, std::move(dialled.ours));
    REQUIRE(run_until(house.loop, [&] { return !hear(dialled.theirs).empty(); }));
    house.handshakes.accept(std::move(waits.ours), house.door);
    say(waits.theirs, greeting());
    const std::string text = answer();
    for (const char byte : text) {
        CHECK(house.seals.empty());
        say(dialled.theirs, {&byte, 1});
        turn(house.loop, 3);
    }
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 2; }));
    CHECK(house.seals[0]->proves("A"));
}

TEST_CASE("handshakes: they may die with steps under way", "[reactor][handshakes]") {
    for (int i = 0; i < 20; ++i) {
        House house;
        Pair pair = tcp_pair();
        house.dial({.dials = true, .name = "B"}, std::move(pair.ours));
        if (i % 2 == 0) house.handshakes.cancel(house.id);
    }
}

std::atomic<int> left = 0;

TEST_CASE("handshakes: the thread that makes the steps leaves before they die",
          "[reactor][handshakes]") {
    left = 0;
    {
        OpenLoop loop;
        Handshakes handshakes(loop, {}, [](void*) { ++left; });
        REQUIRE(handshakes.open().has_value());
        CHECK(left == 0);
    }
    CHECK(left == 1);
    {
        OpenLoop loop;
        const Handshakes never_opened(loop, {}, [](void*) { ++left; });
    }
    CHECK(left == 1);
}

}  // namespace reactor::handshakes_test
