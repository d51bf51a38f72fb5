#include "tests/unit/reactor/shaking_house.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace reactor::handshakes_room_test {

using namespace shaking;

TEST_CASE("handshakes: of those who have shown no record the oldest goes for the newest",
          "[reactor][handshakes]") {
    House house({.slots = 4, .shaking = 2, .told_min = {}});
    std::vector<Pair> pairs;
    for (int i = 0; i < 6; ++i) {
        CHECK(house.handshakes.takes(house.door));
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

TEST_CASE("handshakes: nobody goes for a stranger before it has had time to show a record",
          "[reactor][handshakes]") {
    House house({.slots = 4, .shaking = 2, .told_min = std::chrono::hours(1)});
    std::vector<Pair> pairs;
    for (int i = 0; i < 4; ++i) {
        CHECK(house.handshakes.takes(house.door));
        pairs.push_back(tcp_pair());
        house.handshakes.accept(std::move(pairs.back().ours), house.door);
    }
    CHECK_FALSE(house.handshakes.takes(house.door));
    Handshakes::Door first = house.door;
    first.goes_first = true;
    CHECK(house.handshakes.takes(first));
    for (const Pair& each : pairs) say(each.theirs, greeting());
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 4; }));
    CHECK(house.handshakes.counters().displaced == 0);
    CHECK(house.handshakes.takes(house.door));
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
    come(full, "third\n");
    come(house.door, greeting());
    REQUIRE(run_until(house.loop, [&] { return house.sockets.size() == 1; }));
    // It costs no seal, and nobody's time.
    CHECK(house.handshakes.counters().done == 1);
    CHECK(house.handshakes.shaking() == 0);
    CHECK(house.handshakes.under_way() == 3);
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
    REQUIRE(house.sockets.size() == 3);
    CHECK(hear(house.sockets[2]) == "third\n");
    REQUIRE(run_until(house.loop, [&] { return house.sockets.size() == 4; }));
    CHECK(house.seals[3] != nullptr);
    CHECK(house.handshakes.under_way() == 0);
    house.handshakes.check();
}

TEST_CASE("handshakes: who finds no room keeps no slot from those who do",
          "[reactor][handshakes]") {
    House house({.slots = 3, .shaking = 1});
    int rooms = 0;
    house.rooms = &rooms;
    Handshakes::Door full = house.door;
    full.has_room = Delegate<bool()>::to<&House::has_room>(house);
    std::vector<Pair> pairs;
    const auto come = [&](const Handshakes::Door& door) {
        pairs.push_back(tcp_pair());
        house.handshakes.accept(std::move(pairs.back().ours), door);
        say(pairs.back().theirs, greeting());
        turn(house.loop, 3);
    };
    for (int i = 0; i < 3; ++i) come(full);
    CHECK(house.handshakes.under_way() == 3);
    for (std::size_t others = 1; others <= 4; ++others) {
        come(house.door);
        REQUIRE(run_until(house.loop, [&] { return house.seals.size() == others; }));
    }
    CHECK(house.handshakes.counters().displaced == 1);
    CHECK(house.handshakes.under_way() == 2);
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

TEST_CASE("handshakes: of one that was refused at a full door nobody is told twice",
          "[reactor][handshakes]") {
    House house({.whole = std::chrono::milliseconds(20)});
    int rooms = 0;
    house.rooms = &rooms;
    house.door.has_room = Delegate<bool()>::to<&House::has_room>(house);
    Pair refused = tcp_pair();
    Pair silent = tcp_pair();
    house.handshakes.accept(std::move(refused.ours), house.door);
    house.handshakes.accept(std::move(silent.ours), house.door);
    say(refused.theirs, "IAMAT kiwi +1-1 5\n");
    REQUIRE(run_until(house.loop, [&] { return !house.refusals.empty(); }));
    REQUIRE(run_until(house.loop, [&] {
        house.handshakes.tick();
        return house.handshakes.under_way() == 0;
    }));
    CHECK(house.refusals == Texts{"it does not speak TLS"});
}

TEST_CASE("handshakes: one that was done too late for the last room is told farewell",
          "[reactor][handshakes]") {
    House house({.whole = std::chrono::milliseconds(20)});
    int rooms = 1;
    house.rooms = &rooms;
    house.door.has_room = Delegate<bool()>::to<&House::has_room>(house);
    std::vector<Pair> pairs;
    for (int i = 0; i < 2; ++i) {
        pairs.push_back(tcp_pair());
        house.handshakes.accept(std::move(pairs.back().ours), house.door);
        say(pairs.back().theirs, greeting());
    }
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.counters().done == 2; }));
    CHECK(house.sockets.size() == 1);
    CHECK(house.handshakes.under_way() == 1);
    house.handshakes.check();
    REQUIRE(run_until(house.loop, [&] {
        house.handshakes.tick();
        return house.handshakes.under_way() == 0;
    }));
    CHECK(house.refusals == Texts{"no room in time"});
    int farewells = 0;
    for (const Pair& each : pairs) {
        const std::string heard = hear(each.theirs);
        farewells += heard.size() > 6 && heard.find(char{21}) != std::string::npos ? 1 : 0;
    }
    CHECK(farewells == 1);
}

// Strangers of one network, each with a place that it does not use.
struct Stalled {
    Stalled(House& house, int count, std::uint8_t network, const Handshakes::Door& door) {
        for (int i = 0; i < count; ++i) pairs.push_back(come(house, network, door));
    }
    static Pair come(House& house, std::uint8_t network, const Handshakes::Door& door) {
        Pair pair = tcp_pair_from(network);
        house.handshakes.accept(std::move(pair.ours), door);
        say(pair.theirs, greeting());
        turn(house.loop, 5);
        return pair;
    }
    // Those that have been closed.
    int gone() const {
        return static_cast<int>(std::ranges::count_if(pairs, [](const Pair& each) {
            hear(each.theirs);
            return hears_end(each.theirs);
        }));
    }
    std::vector<Pair> pairs;
};

TEST_CASE("handshakes: of a crowd that waits one loses its place to whoever comes from elsewhere",
          "[reactor][handshakes]") {
    House house({.slots = 32, .shaking = 4, .patience = std::chrono::hours(1)});
    house.shape.confirmed = true;
    Stalled crowd(house, 3, 2, house.door);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.shaking() == 3; }));
    turn(house.loop, 20);
    CHECK(house.handshakes.counters().displaced == 0);
    house.shape.confirmed = false;
    const Pair other = Stalled::come(house, 3, house.door);
    REQUIRE(run_until(house.loop, [&] { return house.seals.size() == 1; }));
    CHECK(crowd.gone() == 1);
    // Two are still two more than none; one of each is no crowd, and the next waits.
    house.shape.confirmed = true;
    const Stalled one(house, 1, 4, house.door);
    const Stalled another(house, 1, 5, house.door);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.counters().displaced == 2; }));
    turn(house.loop, 20);
    CHECK(crowd.gone() == 2);
    CHECK(house.handshakes.shaking() == 3);
    const Stalled next(house, 1, 8, house.door);
    turn(house.loop, 20);
    CHECK(house.handshakes.counters().displaced == 2);
    CHECK(house.handshakes.shaking() == 3);
    house.handshakes.check();
    // A neighbour has what is kept for it; the next one what a stranger has.
    Handshakes::Door first = house.door;
    first.goes_first = true;
    const Stalled neighbours(house, 2, 6, first);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.shaking() == 4; }));
    turn(house.loop, 20);
    house.shape.confirmed = false;
    const Pair third = Stalled::come(house, 7, first);
    turn(house.loop, 20);
    CHECK(neighbours.gone() == 0);
    house.handshakes.check();
}

TEST_CASE("handshakes: who has waited for too long for its peer loses its place to any other",
          "[reactor][handshakes]") {
    House house({.slots = 32, .shaking = 4, .patience = std::chrono::milliseconds(20)});
    house.shape.confirmed = true;
    Stalled slow(house, 3, 2, house.door);
    REQUIRE(run_until(house.loop, [&] { return house.handshakes.shaking() == 3; }));
    house.shape.confirmed = false;
    const Pair other = Stalled::come(house, 2, house.door);
    REQUIRE(run_until(house.loop, [&] {
        house.handshakes.tick();
        return house.seals.size() == 1;
    }));
    CHECK(slow.gone() == 1);
    CHECK(house.handshakes.counters().displaced == 1);
    CHECK(house.refusals == Texts{"others wait for its place"});
    house.handshakes.check();
}

}  // namespace reactor::handshakes_room_test
