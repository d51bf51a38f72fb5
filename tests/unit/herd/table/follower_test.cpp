#include "herd/table/follower.hpp"

#include "protocol/peer_message.hpp"
#include "tests/sim/random.hpp"
#include "tests/unit/herd/table/numbered_clients.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace follower_test {

namespace {

using herd::Clients;
using herd::table::Follower;
using herd::table::LocationTable;
using herd::table::Record;
using herd::table::rules::Position;
using reactor::Instant;
using namespace std::chrono_literals;

using Known = std::map<std::uint32_t, std::uint64_t>;  // By slot, the seq of the version known.

bool knows(const Known& known, std::uint32_t slot, const Record& record) {
    const auto found = known.find(slot);
    return found != known.end() && found->second == record.seq;
}

// What a position says, word for word as follower.hpp has it.
bool holds(const Position& position, const LocationTable& table, const Known& known) {
    for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
        if (!table.used(slot)) continue;
        const Record& record = table.at(slot);
        const bool swept = slot < position.sweep_slot && record.seq <= position.sweep_target;
        const bool covered = record.seq <= position.seq || swept;
        if (covered && !knows(known, slot, record)) return false;
    }
    return true;
}

// Takes until there is nothing more; returns how often it asked.
std::uint32_t take_all(Follower& follower, const Clients& clients, Known& known, Instant now) {
    std::uint32_t asked = 0;
    while (follower.behind()) {
        ++asked;
        if (const Record* record = follower.take(now)) known[clients.slot(record)] = record->seq;
    }
    return asked;
}

// A receiver at the end of a wire: records and positions in the order in which they were written.
struct Receiver {
    using Item = std::variant<std::pair<std::uint32_t, std::uint64_t>, Position>;

    void read_one() {
        const Item item = wire.front();
        wire.pop_front();
        if (const auto* record = std::get_if<0>(&item)) {
            known[record->first] = record->second;
            return;
        }
        // As a server does with SEQ and SWP.
        const auto& mark = std::get<Position>(item);
        position.seq = std::max(position.seq, mark.seq);
        if (mark.sweep_target > position.seq) {
            position.sweep_target = mark.sweep_target;
            position.sweep_slot = mark.sweep_slot;
        } else if (position.seq >= position.sweep_target) {
            position.sweep_target = position.sweep_slot = 0;
        }
    }

    std::deque<Item> wire;
    Known known;
    Position position;
};

// One sender and its receiver, through updates, pauses, losses and restarts of the receiver.
class Pair {
public:
    Pair(std::uint64_t seed, std::uint32_t clients)
        : random_(seed), client_count_(clients), clients_(clients), follower_(clients_.table) {
        for (std::uint32_t i = 0; i < clients / 2; ++i) clients_.report(i);
        follower_.resume({});
    }

    void step() {
        now_ += std::chrono::milliseconds(random_.below(random_.chance(5) ? 2500 : 30));
        const auto dice = random_.below(100);
        if (dice < 5) {
            clients_.expire(random_.below(client_count_));
        } else if (dice < 40) {
            clients_.report(random_.below(client_count_));
        } else if (dice < 70) {
            write_some();
        } else if (dice < 94) {
            for (auto i = random_.below(40); i > 0 && !receiver_.wire.empty(); --i) {
                receiver_.read_one();
            }
        } else if (dice < 98) {
            receiver_.wire.clear();
            follower_.resume(receiver_.position);
        } else {
            receiver_ = {};
            follower_.resume({});
        }
        check();
    }

    // Without further changes, everything arrives, in a bounded number of steps.
    void finish() {
        const std::uint32_t bound = 6 * client_count_ + 100;
        std::uint32_t asked = 0;
        for (; follower_.behind() && asked < bound; ++asked) write();
        REQUIRE_FALSE(follower_.behind());
        receiver_.wire.emplace_back(follower_.position());
        while (!receiver_.wire.empty()) receiver_.read_one();
        check();
        REQUIRE(receiver_.position.seq == clients_.table.feed().seq());
    }

private:
    void write_some() {
        for (auto i = random_.below(20); i > 0; --i) write();
        if (random_.chance(50)) receiver_.wire.emplace_back(follower_.position());
    }
    void write() {
        const Record* record = follower_.take(now_);
        if (record == nullptr) return;
        receiver_.wire.emplace_back(std::pair(clients_.slot(record), record->seq));
    }
    void check() {
        follower_.check();
        REQUIRE(holds(receiver_.position, clients_.table, receiver_.known));
        // What is written will be read, unless the wire is lost: and then it is not claimed.
        Known written = receiver_.known;
        for (const auto& item : receiver_.wire) {
            if (const auto* record = std::get_if<0>(&item)) written[record->first] = record->second;
        }
        REQUIRE(holds(follower_.position(), clients_.table, written));
        if (!follower_.behind()) {
            REQUIRE(follower_.position().seq == clients_.table.feed().seq());
        }
    }

    sim::Random random_;
    std::uint32_t client_count_;
    Clients clients_;
    Follower follower_;
    Receiver receiver_;
    Instant now_{1h};
};

// Reports of many clients at steady rates, and a link that takes fewer. Returns the longest time
// for which a hot client was not handed out.
template <class Take>
std::chrono::milliseconds worst_wait(Clients& clients, Take take) {
    constexpr std::uint64_t hot = 100;   // once a second
    constexpr std::uint64_t all = 2000;  // the others once a minute
    constexpr auto tick = 100ms;
    sim::Random random(1);
    for (std::uint64_t client = 0; client < all; ++client) clients.report(client);
    std::vector<std::chrono::milliseconds> seen(hot, 0ms);
    auto worst = 0ms;
    for (auto time = 0ms; time < 400s; time += tick) {
        for (std::uint64_t i = 0; i < hot / 10; ++i) {
            clients.report((static_cast<std::uint64_t>(time / tick) % 10) * (hot / 10) + i);
        }
        for (int i = 0; i < 3; ++i) clients.report(hot + random.below(all - hot));
        for (int i = 0; i < 3; ++i) {
            const Record* record = take(Instant(time));
            if (record == nullptr) continue;
            const std::uint32_t slot = clients.slot(record);
            if (slot < hot) seen[slot] = time;
        }
        for (const auto last : seen) worst = std::max(worst, time - last);
    }
    return worst;
}

}  // namespace

TEST_CASE("follower: a follower hands out changes in their order", "[herd][follower]") {
    Clients clients(8);
    Follower follower(clients.table);
    follower.resume({});
    CHECK_FALSE(follower.behind());
    CHECK(follower.take(Instant(0s)) == nullptr);
    for (const std::uint64_t client : {1U, 2U, 1U}) clients.report(client);
    REQUIRE(follower.behind());
    CHECK(follower.take(Instant(0s)) == &clients.table.at(1));
    CHECK(follower.position().seq == 2);
    CHECK(follower.take(Instant(0s)) == &clients.table.at(0));
    CHECK_FALSE(follower.behind());
    CHECK(follower.position().seq == 3);
}

TEST_CASE("follower: a follower that was idle for long does not sweep for the next change",
          "[herd][follower]") {
    Clients clients(100);
    Follower follower(clients.table);
    follower.resume({});
    Known known;
    for (std::uint64_t client = 0; client < 100; ++client) clients.report(client);
    take_all(follower, clients, known, Instant(0s));
    clients.report(99);
    CHECK(follower.take(Instant(3600s)) == &clients.table.at(99));
    CHECK_FALSE(follower.sweeping());
    CHECK_FALSE(follower.behind());
}

TEST_CASE("follower: a follower that has not caught up for a second sweeps, and no sooner",
          "[herd][follower]") {
    Clients clients(100);
    Follower follower(clients.table);
    for (std::uint64_t client = 0; client < 100; ++client) clients.report(client);
    follower.resume({});
    follower.take(Instant(5s));
    follower.take(Instant(6s));
    CHECK_FALSE(follower.sweeping());
    follower.take(Instant(6s) + 1ms);
    CHECK(follower.sweeping());
    // Two had been handed out; the sweep never says more until it is through.
    CHECK(follower.position().seq == 2);
    CHECK(follower.position().sweep_target == 100);
    clients.report(50);
    Known known;
    take_all(follower, clients, known, Instant(6s) + 1ms);
    CHECK_FALSE(follower.sweeping());
    CHECK(follower.position().seq == 101);
    CHECK(follower.position().sweep_target == 0);
}

TEST_CASE("follower: a sweep ends in tail mode though changes never cease", "[herd][follower]") {
    Clients clients(1000);
    Follower follower(clients.table);
    for (std::uint64_t client = 0; client < 1000; ++client) clients.report(client);
    follower.resume({});
    follower.take(Instant(0s));
    follower.take(Instant(2s));
    REQUIRE(follower.sweeping());
    // A change for every ten records taken: a link that is by far fast enough.
    Instant now(2s);
    int sweeps = 0;
    bool was_sweeping = true;
    for (int i = 0; i < 5000; ++i) {
        now += 1ms;
        if (i % 10 == 0) clients.report(static_cast<std::uint64_t>(i % 1000));
        follower.take(now);
        sweeps += follower.sweeping() && !was_sweeping ? 1 : 0;
        was_sweeping = follower.sweeping();
    }
    CHECK(sweeps == 0);
    CHECK_FALSE(follower.sweeping());
}

TEST_CASE("follower: one call looks at a bounded number of slots of a sweep", "[herd][follower]") {
    constexpr std::uint32_t count = 10 * Follower::scan_max;
    Clients clients(count);
    Follower follower(clients.table);
    for (std::uint64_t client = 0; client < count; ++client) clients.report(client);
    clients.report(count - 1);
    // All but the last in the table was processed; the sweep has to look at all of them.
    follower.resume({.seq = count - 1, .sweep_target = count + 1, .sweep_slot = 0});
    REQUIRE(follower.sweeping());
    for (std::uint32_t i = 1; i < 10; ++i) {
        CHECK(follower.take(Instant(0s)) == nullptr);
        CHECK(follower.behind());
        CHECK(follower.position().sweep_slot == i * Follower::scan_max);
    }
    CHECK(follower.take(Instant(0s)) == &clients.table.at(count - 1));
}

TEST_CASE("follower: a sweep goes on from the slot that the receiver has come to",
          "[herd][follower]") {
    Clients clients(10);
    for (std::uint64_t client = 0; client < 10; ++client) clients.report(client);
    Follower follower(clients.table);
    clients.report(2);
    follower.resume({.seq = 3, .sweep_target = 10, .sweep_slot = 6});
    Known known;
    take_all(follower, clients, known, Instant(0s));
    CHECK(known == Known{{2, 11}, {6, 7}, {7, 8}, {8, 9}, {9, 10}});
}

TEST_CASE("follower: a position far back is made good by a sweep, one near the end by the feed",
          "[herd][follower]") {
    constexpr std::uint32_t count = Follower::seek_max + 10;
    Clients clients(count);
    for (std::uint64_t client = 0; client < count; ++client) clients.report(client);
    Follower follower(clients.table);
    follower.resume({.seq = 10});
    CHECK_FALSE(follower.sweeping());
    CHECK(follower.position().seq == 10);
    follower.resume({.seq = 9});
    CHECK(follower.sweeping());
    CHECK(follower.position().seq == 9);
    CHECK(follower.position().sweep_target == count);
}

TEST_CASE("follower: changes far behind the target of a resumed sweep are not forgotten",
          "[herd][follower]") {
    constexpr std::uint32_t count = Follower::seek_max + 10;
    Clients clients(count);
    for (std::uint64_t client = 0; client < count; ++client) clients.report(client);
    Follower follower(clients.table);
    // The receiver had swept everything; since then all but ten records have changed.
    for (std::uint64_t client = 10; client < count; ++client) clients.report(client);
    for (std::uint64_t client = 10; client < count; ++client) clients.report(client);
    follower.resume({.seq = 1, .sweep_target = count, .sweep_slot = count});
    Known known;
    take_all(follower, clients, known, Instant(0s));
    CHECK(known.size() == count - 10);
    CHECK(follower.position().seq == clients.table.feed().seq());
}

TEST_CASE("follower: a claim that cannot be true gets everything", "[herd][follower]") {
    const Position claims[] = {
        {.seq = 11},
        {.seq = UINT64_MAX},
        {.seq = 1, .sweep_target = 11, .sweep_slot = 1},
        {.seq = 1, .sweep_target = UINT64_MAX, .sweep_slot = UINT32_MAX},
        {.seq = 1, .sweep_target = 10, .sweep_slot = 11},
        {.seq = 1, .sweep_target = 10, .sweep_slot = UINT32_MAX},
    };
    for (const Position& claim : claims) {
        Clients clients(10);
        for (std::uint64_t client = 0; client < 10; ++client) clients.report(client);
        Follower follower(clients.table);
        follower.resume(claim);
        Known known;
        take_all(follower, clients, known, Instant(0s));
        CHECK(known.size() == 10);
    }
}

TEST_CASE("follower: what a position says was handed out, was", "[herd][follower]") {
    const auto play = [](std::uint64_t seed, std::uint32_t clients, int steps) {
        INFO("seed " << seed);
        Pair pair(seed, clients);
        for (int i = 0; i < steps; ++i) pair.step();
        pair.finish();
    };
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        play(seed, 1 + static_cast<std::uint32_t>(seed % 17), 100);
    }
    // Tables beyond every budget.
    for (std::uint64_t seed = 0; seed < 6; ++seed) play(seed, 3 * Follower::seek_max, 400);
}

TEST_CASE("follower: the feed alone starves busy clients on a slow link", "[herd][follower]") {
    Clients clients(2000);
    herd::table::FeedCursor cursor(clients.table.feed());
    cursor.seek_start();
    const auto worst = worst_wait(clients, [&](Instant) {
        const Record* record = cursor.peek();
        if (record != nullptr) cursor.advance();
        return record;
    });
    CHECK(worst > 390s);
}

TEST_CASE("follower: a follower hands out busy clients once per revolution of a slow link",
          "[herd][follower]") {
    Clients clients(2000);
    Follower follower(clients.table);
    follower.resume({});
    // Every client once at 30 a second, and the second before a sweep begins.
    const auto revolution = std::chrono::milliseconds(2000 * 1000 / 30) + 1s;
    CHECK(worst_wait(clients, [&](Instant now) { return follower.take(now); }) <= revolution + 3s);
}

}  // namespace follower_test
