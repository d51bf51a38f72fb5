#include "reactor/handshakes.hpp"

#include "tests/sim/fake_seal.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

namespace reactor::handshakes_test {

using namespace test;
using sim::FakeSeal;

// Both sides of handshakes, on one loop.
struct House {
    explicit House(const Handshakes::Limits& limits = {}) : handshakes(loop, limits) {
        REQUIRE(handshakes.open().has_value());
    }
    SealPtr make_seal() { return std::make_unique<FakeSeal>(shape); }
    void opened(Socket socket, SealPtr seal) {
        sockets.push_back(std::move(socket));
        seals.push_back(std::move(seal));
        if (rooms != nullptr && *rooms > 0) --*rooms;
    }
    bool has_room() const { return *rooms > 0; }
    void refused(const Handshakes::Refusal& refusal) {
        refusals.emplace_back(refusal.why);
        plain = refusal.plain;
    }

    void dial(const FakeSeal::Shape& wanted, Socket socket) {
        id = handshakes.dial(std::move(socket), std::make_unique<FakeSeal>(wanted), door);
    }

    OpenLoop loop;
    FakeSeal::Shape shape{.name = "A"};
    std::vector<Socket> sockets;
    std::vector<SealPtr> seals;
    Texts refusals;
    bool plain = false;    // The latest of them.
    int* rooms = nullptr;  // Of a door that has_room() speaks for.
    Handshakes::Id id;
    Handshakes::Door door{
        .make_seal = Delegate<SealPtr()>::to<&House::make_seal>(*this),
        .opened = Delegate<void(Socket, SealPtr)>::to<&House::opened>(*this),
        .refused = Delegate<void(const Handshakes::Refusal&)>::to<&House::refused>(*this)};
    Handshakes handshakes;
};

// The first record of one who dials, as it is.
std::string greeting() {
    Pair pair = local_pair();
    FakeSeal seal({.dials = true, .name = "B"});
    CHECK(seal.shake(pair.ours.fd()) == Seal::Shaken::wants_input);
    return hear(pair.theirs);
}

// What one who has heard that says.
std::string answer() {
    Pair pair = local_pair();
    say(pair.theirs, greeting());
    FakeSeal seal({.name = "A"});
    CHECK(seal.shake(pair.ours.fd()) == Seal::Shaken::done);
    return hear(pair.theirs);
}

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

TEST_CASE("handshakes: of those who have shown no record the oldest goes for the newest",
          "[reactor][handshakes]") {
    House house({.slots = 4, .shaking = 2});
    std::vector<Pair> pairs;
    for (int i = 0; i < 6; ++i) {
        pairs.push_back(tcp_pair());
        house.handshakes.accept(std::move(pairs.back().ours), house.door);
    }
    CHECK(hears_end(pairs[0].theirs));
    CHECK(hears_end(pairs[1].theirs));
    CHECK_FALSE(hears_end(pairs[2].theirs));
    CHECK(house.handshakes.counters().displaced == 2);
    for (int i = 2; i < 6; ++i) say(pairs[static_cast<std::size_t>(i)].theirs, greeting());
    REQUIRE(run_until(house.loop, [&] {
        CHECK(house.handshakes.shaking() <= 2);
        house.handshakes.check();
        return house.seals.size() == 4;
    }));
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

TEST_CASE("handshakes: those of a door that goes first find a place that others cannot take",
          "[reactor][handshakes]") {
    House house({.slots = 8, .shaking = 4});
    std::vector<Pair> silent;
    for (int i = 0; i < 3; ++i) {
        silent.push_back(tcp_pair());
        house.dial({.dials = true, .name = "B"}, std::move(silent.back().ours));
    }
    REQUIRE(run_until(house.loop, [&] {
        return std::ranges::all_of(silent,
                                   [](const Pair& each) { return unread(each.theirs) > 0; });
    }));
    Pair other = tcp_pair();
    house.handshakes.accept(std::move(other.ours), house.door);
    say(other.theirs, greeting());
    turn(house.loop, 5);
    CHECK(house.seals.empty());
    Handshakes::Door first = house.door;
    first.goes_first = true;
    Pair neighbour = tcp_pair();
    house.handshakes.accept(std::move(neighbour.ours), first);
    say(neighbour.theirs, greeting());
    REQUIRE(run_until(house.loop, [&] { return !house.seals.empty(); }));
    house.handshakes.check();
    CHECK(house.seals.size() == 1);
    CHECK(hear(other.theirs).empty());
    house.handshakes.cancel(house.id);
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 2; }));
}

TEST_CASE("handshakes: one of a door that goes first has the slot of one that waits",
          "[reactor][handshakes]") {
    House house({.slots = 2, .shaking = 1});
    Handshakes::Door first = house.door;
    first.goes_first = true;
    Pair silent = tcp_pair();
    Pair other = tcp_pair();
    Pair another = tcp_pair();
    Pair neighbour = tcp_pair();
    house.dial({.dials = true, .name = "B"}, std::move(silent.ours));
    house.handshakes.accept(std::move(other.ours), house.door);
    say(other.theirs, greeting());
    turn(house.loop, 5);
    house.handshakes.accept(std::move(another.ours), house.door);
    CHECK(hears_end(another.theirs));
    house.handshakes.accept(std::move(neighbour.ours), first);
    CHECK(house.handshakes.counters().displaced == 2);
    say(neighbour.theirs, greeting());
    turn(house.loop, 5);
    house.handshakes.cancel(house.id);
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 1; }));
    CHECK_FALSE(hear(neighbour.theirs).empty());
    CHECK(house.handshakes.under_way() == 0);
}

TEST_CASE("handshakes: one that is done waits until its door has room, and holds up no other",
          "[reactor][handshakes]") {
    House house({.slots = 8, .shaking = 1});
    int rooms = 0;
    house.rooms = &rooms;
    Handshakes::Door full = house.door;
    full.has_room = Delegate<bool()>::to<&House::has_room>(house);
    full.takes_plain = true;
    std::vector<Pair> pairs;
    const auto come = [&](const Handshakes::Door& door, const std::string& said) {
        pairs.push_back(tcp_pair());
        house.handshakes.accept(std::move(pairs.back().ours), door);
        say(pairs.back().theirs, said);
        turn(house.loop, 3);
    };
    come(full, "first\n");
    come(full, greeting());
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.counters().done == 1; }));
    come(full, "third\n");
    come(house.door, greeting());
    REQUIRE(run_until(house.loop, [&] { return house.sockets.size() == 1; }));
    CHECK(house.handshakes.under_way() == 3);
    CHECK(house.handshakes.shaking() == 0);
    CHECK(iterations_at_rest(house.loop) <= at_rest_max);
    house.handshakes.check();

    house.handshakes.resume(full);
    CHECK(house.sockets.size() == 1);
    rooms = 1;
    house.handshakes.resume(full);
    REQUIRE(house.sockets.size() == 2);
    CHECK(hear(house.sockets[1]) == "first\n");
    rooms = 2;
    house.handshakes.resume(full);
    REQUIRE(house.sockets.size() == 4);
    CHECK(hear(house.sockets[3]) == "third\n");
    CHECK(house.handshakes.under_way() == 0);
    house.handshakes.check();
}

TEST_CASE("handshakes: one that has waited too long for room is told of", "[reactor][handshakes]") {
    House house({.whole = std::chrono::milliseconds(20)});
    int rooms = 0;
    house.rooms = &rooms;
    house.door.takes_plain = true;
    house.door.has_room = Delegate<bool()>::to<&House::has_room>(house);
    Pair pair = tcp_pair();
    house.handshakes.accept(std::move(pair.ours), house.door);
    say(pair.theirs, "HELLO\n");
    REQUIRE(run_until(house.loop, [&] {
        house.handshakes.tick();
        return house.handshakes.under_way() == 0;
    }));
    CHECK(house.refusals == Texts{"no room in time"});
    CHECK(house.handshakes.counters().timed_out == 1);
    CHECK(house.sockets.empty());
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
