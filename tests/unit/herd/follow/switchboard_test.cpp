#include "tests/unit/herd/follow/switchboard_house.hpp"

#include <algorithm>
#include <optional>

namespace herd::switchboard_test {

using namespace switchboard_house;

namespace {

// What somebody who follows that must know in the end, from the table alone.
std::map<std::string, std::string> inside(const House& house, const geo::Circle& area) {
    std::map<std::string, std::string> found;
    for (std::uint32_t slot = 0; slot < house.table.slots(); ++slot) {
        if (!house.table.used(slot)) continue;
        const table::Record& record = house.table.at(slot);
        if (!area.holds(protocol::degrees_of(record.spot))) continue;
        found[std::string(house.table.client(record))] = house.table.line(record);
    }
    return found;
}

}  // namespace

TEST_CASE("follow: a client is told of at once, whenever it changes, and when it is gone",
          "[herd][follow]") {
    House house;
    REQUIRE(house.report("k", "+1-1"));
    CHECK(house.switchboard.follow(0, "k") == 1);
    house.push();
    CHECK(house.heard(0) == "NOW 1 AT S +0.000000000 k +1-1 1001\n");
    house.push();
    CHECK(house.heard(0).empty());
    REQUIRE(house.report("k", "+2-1"));
    REQUIRE(house.report("k", "+3-1"));
    REQUIRE(house.report("l", "+3-1"));
    house.push();
    CHECK(house.heard(0) == "NOW 1 AT S +0.000000000 k +3-1 1003\n");
    house.remove("k");
    house.push();
    CHECK(house.heard(0) == "GONE 1 k\n");
    REQUIRE(house.report("k", "+4-1"));
    house.push();
    CHECK(house.heard(0) == "NOW 1 AT S +0.000000000 k +4-1 1005\n");
    CHECK(house.switchboard.unfollow(0, 1));
    CHECK_FALSE(house.switchboard.unfollow(0, 1));
    REQUIRE(house.report("k", "+5-1"));
    house.push();
    CHECK(house.heard(0).empty());
    house.switchboard.check();
}

TEST_CASE("follow: a client that nobody has heard of is told of when it comes", "[herd][follow]") {
    House house;
    CHECK(house.switchboard.follow(0, "late") == 1);
    CHECK(house.switchboard.follow(1, "late") == 1);
    CHECK(house.switchboard.follow(1, "later") == 2);
    REQUIRE(house.report("early", "+1-1"));
    house.push();
    CHECK(house.heard(0).empty());
    REQUIRE(house.report("late", "+1-1"));
    house.push();
    CHECK(house.heard(0) == "NOW 1 AT S +0.000000000 late +1-1 1002\n");
    CHECK(house.heard(1) == "NOW 1 AT S +0.000000000 late +1-1 1002\n");
    house.switchboard.check();
}

TEST_CASE("W3: who enters an area and leaves it is told of, border included", "[herd][follow]") {
    House house;
    // One degree to the north is 111,195.08 m on that sphere.
    const double degree = geo::distance_m({0, 0}, {1, 0});
    REQUIRE(house.report("centre", "+0+0"));
    REQUIRE(house.report("border", "+1+0"));
    REQUIRE(house.report("outside", "+1.0000001+0"));
    CHECK(house.switchboard.follow(0, circle(0, 0, degree)) == 1);
    house.settle();
    CHECK(house.readers.readers[0].known[1].size() == 2);
    house.heard(0);
    REQUIRE(house.report("border", "+1.0000001+0"));
    house.push();
    CHECK(house.heard(0) == "GONE 1 border\n");
    REQUIRE(house.report("border", "+2+0"));
    house.push();
    CHECK(house.heard(0).empty());
    REQUIRE(house.report("border", "-1+0"));
    house.push();
    CHECK(house.heard(0) == "NOW 1 AT S +0.000000000 border -1+0 1006\n");
}

TEST_CASE("W3: areas at the poles and across the antimeridian", "[herd][follow]") {
    House house;
    CHECK(house.switchboard.follow(0, circle(89.9, 0, 50'000)) == 1);
    CHECK(house.switchboard.follow(0, circle(0, 179.9, 50'000)) == 2);
    REQUIRE(house.report("beyond", "+89.9+180"));
    REQUIRE(house.report("east", "+0-179.9"));
    REQUIRE(house.report("west", "+0+179.9"));
    house.settle();
    CHECK(house.readers.readers[0].known[1].count("beyond") == 1);
    CHECK(house.readers.readers[0].known[1].size() == 1);
    CHECK(house.readers.readers[0].known[2].size() == 2);
}

TEST_CASE("W2: who does not read skips places in between, and never the newest", "[herd][follow]") {
    House house;
    CHECK(house.switchboard.follow(0, circle(1, 1, 10'000)) == 1);
    house.settle();
    house.readers.readers[0].blocked = true;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 100; ++i) {
            REQUIRE(house.report("c" + std::to_string(i), "+1+1"));
        }
        house.push();
    }
    CHECK(house.wire.blocks().in_use() == 0);
    house.heard(0);
    house.settle();
    const std::string said = house.heard(0);
    CHECK(house.readers.readers[0].known[1] == inside(house, circle(1, 1, 10'000)));
    // Each once, and again a few that waited by themselves.
    CHECK(std::ranges::count(said, '\n') <= 100 + follow::Subscription::due_max);
    CHECK(house.counters.follows_swept >= 1);
}

TEST_CASE("W2: who cannot be told of all that has left is told anew of what is there",
          "[herd][follow]") {
    House house;
    const std::string name(300, 'n');
    CHECK(house.switchboard.follow(0, circle(1, 1, 10'000)) == 1);
    for (int i = 0; i < 50; ++i) REQUIRE(house.report(name + std::to_string(i), "+1+1"));
    house.settle();
    CHECK(house.readers.readers[0].known[1].size() == 50);
    house.readers.readers[0].blocked = true;
    for (int i = 0; i < 40; ++i) REQUIRE(house.report(name + std::to_string(i), "+5+5"));
    house.push();
    CHECK(house.wire.blocks().in_use() <= 1);
    house.settle();
    CHECK(house.counters.follows_restarted >= 1);
    CHECK(house.readers.readers[0].known[1] == inside(house, circle(1, 1, 10'000)));
}

TEST_CASE("follow: who has left is not told to whom may hear nothing by then", "[herd][follow]") {
    House house;
    CHECK(house.switchboard.follow(0, circle(1, 1, 10'000)) == 1);
    REQUIRE(house.report("a", "+1+1"));
    house.settle();
    house.readers.readers[0].blocked = true;
    REQUIRE(house.report("a", "+5+5"));
    house.push();
    house.heard(0);
    house.readers.readers[0].deaf = true;
    house.settle();
    CHECK(house.heard(0).empty());
    CHECK(house.wire.blocks().in_use() == 0);
    // Once it may again, it starts over.
    house.readers.readers[0].deaf = false;
    house.switchboard.start_over(0);
    house.settle();
    CHECK(house.readers.readers[0].known[1].empty());
}

TEST_CASE("follow: no more than the limits, each with its number", "[herd][follow]") {
    House house;
    for (int i = 1; i <= 12; ++i) CHECK(house.switchboard.follow(0, "c") == i);
    CHECK_FALSE(house.switchboard.follow(0, "c"));
    CHECK(house.switchboard.unfollow(0, 5));
    CHECK(house.switchboard.follow(0, "c") == 13);
    for (int i = 0; i < 12; ++i) CHECK(house.switchboard.follow(1, "c"));
    for (int i = 0; i < 12; ++i) CHECK(house.switchboard.follow(2, "c"));
    for (int i = 0; i < 4; ++i) CHECK(house.switchboard.follow(3, "c"));
    CHECK_FALSE(house.switchboard.follow(3, circle(1, 1, 1)));
    house.switchboard.forget(0);
    CHECK(house.switchboard.follow(3, circle(1, 1, 1)) == 5);
    house.switchboard.check();
}

TEST_CASE("W4: of those who wait for one client all are told, and there may be so many",
          "[herd][follow]") {
    using Switchboard = follow::Switchboard;
    constexpr std::uint32_t each = 64;
    constexpr std::uint32_t sessions = Switchboard::followers_max / each;
    House house(sessions + 1,
                {.clients = 200,
                 .connections = sessions + 1,
                 .subscriptions = 2 * Switchboard::followers_max,
                 .subscriptions_per_client = each});
    for (std::uint32_t session = 0; session < sessions; ++session) {
        for (std::uint32_t i = 0; i < each; ++i) REQUIRE(house.switchboard.follow(session, "k"));
    }
    CHECK_FALSE(house.switchboard.follow(sessions, "k"));
    CHECK(house.switchboard.follow(sessions, "l"));
    for (int turn = 0; turn < 2; ++turn) {
        REQUIRE(house.report("k", "+1-1"));
        for (int i = 0; i < 20; ++i) house.push();
        CHECK_FALSE(house.switchboard.follow(sessions, "k"));
        for (std::uint32_t session = 0; session < sessions; ++session) {
            const std::string heard = house.heard(session);
            REQUIRE(std::ranges::count(heard, '\n') == each);
            REQUIRE(heard.find("GONE") == std::string::npos);
        }
        house.switchboard.check();
        house.remove("k");
        for (int i = 0; i < 20; ++i) house.push();
        for (std::uint32_t session = 0; session < sessions; ++session) {
            REQUIRE(std::ranges::count(house.heard(session), '\n') == each);
        }
        house.switchboard.check();
    }
}

TEST_CASE("follow: of whom one may not hear nothing is told", "[herd][follow]") {
    House house;
    house.readers.readers[0].deaf_to = "secret";
    REQUIRE(house.report("secret", "+1+1"));
    REQUIRE(house.report("open", "+1+1"));
    CHECK(house.switchboard.follow(0, circle(1, 1, 1'000)));
    house.settle();
    REQUIRE(house.report("secret", "+2+2"));
    REQUIRE(house.report("open", "+2+2"));
    house.settle();
    CHECK(house.heard(0).find("secret") == std::string::npos);
}

namespace {

// Four sessions that do this and that, with a table that changes under them.
class Chaos {
public:
    explicit Chaos(std::uint64_t seed) : random_(seed) {}

    void step() {
        const auto session = static_cast<std::uint32_t>(random_.below(4));
        switch (random_.below(12)) {
            case 0:
                return follow_area(session);
            case 1:
                return follow_client(session);
            case 2:
                return unfollow();
            case 3:
                return block(session);
            case 4:
            case 5:
                house_.readers.room = random_.chance(50) ? SIZE_MAX : random_.below(2'000);
                return house_.push();
            case 6:
                return remove();
            default:
                static_cast<void>(house_.report(client(), place()));
        }
    }
    void check() { house_.switchboard.check(); }
    // In the end everybody knows what there is.
    void settle() {
        house_.settle();
        house_.switchboard.check();
        CHECK(house_.wire.blocks().in_use() == 0);
        for (const Followed& each : all_) check(each);
    }

private:
    struct Followed {
        std::uint32_t session;
        std::uint16_t number;
        std::optional<geo::Circle> area;
        std::string client;
    };

    std::string place() {
        const auto degrees = [&] {
            return std::to_string(random_.below(3)) + "." + std::to_string(random_.below(10));
        };
        return "+" + degrees() + "-" + degrees();
    }
    std::string client() { return "c" + std::to_string(random_.below(60)); }
    void follow_area(std::uint32_t session) {
        const geo::Circle area(*protocol::parse_iso6709(place()),
                               static_cast<double>(random_.below(50'000)));
        const auto number = house_.switchboard.follow(session, area);
        if (number) all_.push_back({session, *number, area, {}});
    }
    void follow_client(std::uint32_t session) {
        const std::string whom = client();
        const auto number = house_.switchboard.follow(session, whom);
        if (number) all_.push_back({session, *number, {}, whom});
    }
    void unfollow() {
        if (all_.empty() || random_.chance(70)) return;
        const auto gone = all_.begin() + static_cast<std::ptrdiff_t>(random_.below(all_.size()));
        CHECK(house_.switchboard.unfollow(gone->session, gone->number));
        house_.readers.readers[gone->session].known.erase(gone->number);
        all_.erase(gone);
    }
    void block(std::uint32_t session) {
        bool& blocked = house_.readers.readers[session].blocked;
        blocked = random_.chance(60);
        if (!blocked && house_.switchboard.follows(session)) house_.switchboard.resume(session);
    }
    void remove() {
        const std::string whom = client();
        if (random_.chance(50) && house_.table.find(whom) != nullptr) house_.remove(whom);
    }
    void check(const Followed& followed) {
        const auto& known = house_.readers.readers[followed.session].known[followed.number];
        if (followed.area) {
            CHECK(known == inside(house_, *followed.area));
            return;
        }
        const table::Record* const record = house_.table.find(followed.client);
        REQUIRE(known.size() == (record == nullptr ? 0 : 1));
        if (record != nullptr) CHECK(known.at(followed.client) == house_.table.line(*record));
    }

    sim::Random random_;
    House house_;
    std::vector<Followed> all_;
};

}  // namespace

TEST_CASE("follow: whatever happens, in the end everybody knows what the table has",
          "[herd][follow]") {
    const auto seed = GENERATE(range(1, 120));
    CAPTURE(seed);
    Chaos chaos(static_cast<std::uint64_t>(seed));
    for (int step = 0; step < 1500; ++step) {
        chaos.step();
        if (step % 100 == 0) chaos.check();
    }
    chaos.settle();
}

}  // namespace herd::switchboard_test
