#include "herd/table/change_feed.hpp"

#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace change_feed_test {

namespace {

using herd::table::ChangeFeed;
using herd::table::FeedCursor;
using herd::table::Record;

struct Feed {
    explicit Feed(std::uint32_t size) {
        auto mapped = reactor::PageArray<Record>::map(size);
        REQUIRE(static_cast<bool>(mapped));
        records = std::move(*mapped);
    }

    std::uint32_t index_of(const Record* record) const {
        return static_cast<std::uint32_t>(record - &records[0]);
    }

    reactor::PageArray<Record> records;
    ChangeFeed feed{records};
};

// The same in the plainest way: what was passed of each record, and who is in front of whom.
struct Model {
    explicit Model(std::uint32_t size) : seqs(size) {}

    void touch(std::uint32_t index) {
        seqs[index] = ++seq;
        std::erase(order, index);
        order.push_back(index);
    }
    // The first whose seq is above `passed`, or none.
    const std::uint32_t* next(std::uint64_t passed) const {
        const auto found =
            std::ranges::find_if(order, [&](std::uint32_t index) { return seqs[index] > passed; });
        return found == order.end() ? nullptr : &*found;
    }

    std::vector<std::uint64_t> seqs;  // 0: never touched.
    std::vector<std::uint32_t> order;
    std::uint64_t seq = 0;
};

struct Place {
    explicit Place(Feed& feed) : cursor(feed.feed) {}
    FeedCursor cursor;
    std::uint64_t passed = 0;  // Everything up to this seq.
};

void check_place(const Feed& feed, const Model& model, const Place& place) {
    const std::uint32_t* next = model.next(place.passed);
    const Record* seen = place.cursor.peek();
    REQUIRE((seen == nullptr) == (next == nullptr));
    if (seen != nullptr) REQUIRE(feed.index_of(seen) == *next);
    REQUIRE(place.cursor.passed() == (next == nullptr ? model.seq : model.seqs[*next] - 1));
    REQUIRE(place.cursor.passed() >= place.passed);
}

void move(Feed& feed, const Model& model, Place& place, sim::Random& random) {
    switch (random.below(6)) {
        case 0:
            place.cursor.seek_start();
            place.passed = 0;
            break;
        case 1:
            place.cursor.seek_end();
            place.passed = model.seq;
            break;
        case 2: {
            const std::uint64_t seq = random.below(model.seq + 2);
            const auto steps = static_cast<std::uint32_t>(random.below(8));
            const auto behind = std::ranges::count_if(
                model.order, [&](std::uint32_t index) { return model.seqs[index] > seq; });
            const bool moved = place.cursor.seek(seq, steps);
            REQUIRE(moved == (behind <= steps));
            if (moved) place.passed = std::min(seq, model.seq);
            break;
        }
        default:
            if (const Record* next = place.cursor.peek()) {
                place.passed = next->seq;
                REQUIRE(feed.records[feed.index_of(next)].seq == next->seq);
                place.cursor.advance();
            }
    }
}

}  // namespace

TEST_CASE("change_feed: a feed without changes has nothing to pass", "[herd][feed]") {
    Feed feed(4);
    const FeedCursor cursor(feed.feed);
    CHECK(cursor.peek() == nullptr);
    CHECK(cursor.passed() == 0);
    CHECK(feed.feed.seq() == 0);
}

TEST_CASE("change_feed: a changed record moves to the end under a new number", "[herd][feed]") {
    Feed feed(3);
    FeedCursor cursor(feed.feed);
    for (const std::uint32_t index : {0U, 1U, 2U, 0U}) feed.feed.touch(index);
    CHECK(feed.feed.seq() == 4);
    std::vector<std::uint64_t> seqs;
    cursor.seek_start();
    for (; cursor.peek() != nullptr; cursor.advance()) seqs.push_back(cursor.peek()->seq);
    CHECK(seqs == std::vector<std::uint64_t>{2, 3, 4});
}

TEST_CASE("change_feed: a cursor in front of a record that moves steps over it", "[herd][feed]") {
    Feed feed(3);
    for (const std::uint32_t index : {0U, 1U, 2U}) feed.feed.touch(index);
    FeedCursor cursor(feed.feed);
    cursor.seek_start();
    feed.feed.touch(0);
    CHECK(cursor.peek() == &feed.records[1]);
    CHECK(cursor.passed() == 1);
}

TEST_CASE(
    "change_feed: a cursor at the end meets whatever changes next, also the last record itself",
    "[herd][feed]") {
    Feed feed(3);
    FeedCursor cursor(feed.feed);
    feed.feed.touch(0);
    CHECK(cursor.peek() == &feed.records[0]);
    cursor.advance();
    CHECK(cursor.peek() == nullptr);
    feed.feed.touch(0);
    CHECK(cursor.peek() == &feed.records[0]);
    // In front of the last record, which moves: it is still next, at its new number.
    feed.feed.touch(0);
    CHECK(cursor.peek() == &feed.records[0]);
    CHECK(cursor.passed() == 2);
}

TEST_CASE("change_feed: a seek over more records than allowed leaves the cursor where it was",
          "[herd][feed]") {
    Feed feed(8);
    for (std::uint32_t index = 0; index < 8; ++index) feed.feed.touch(index);
    FeedCursor cursor(feed.feed);
    cursor.seek_end();
    CHECK_FALSE(cursor.seek(4, 3));
    CHECK(cursor.peek() == nullptr);
    CHECK(cursor.seek(4, 4));
    CHECK(cursor.peek() == &feed.records[4]);
    // A number beyond the last is the end.
    CHECK(cursor.seek(99, 0));
    CHECK(cursor.peek() == nullptr);
}

TEST_CASE("change_feed: cursors at every place pass what a model says, while records move",
          "[herd][feed]") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        INFO("seed " << seed);
        sim::Random random(seed);
        const auto size = static_cast<std::uint32_t>(random.between(1, 12));
        Feed feed(size);
        Model model(size);
        std::deque<Place> places;
        for (int step = 0; step < 300; ++step) {
            if (random.chance(5)) {
                // As the feed promises of a new cursor: at the end.
                places.emplace_back(feed);
                places.back().cursor.seek_end();
                places.back().passed = model.seq;
            }
            if (random.chance(2) && !places.empty()) places.pop_front();
            if (random.chance(60)) {
                const auto index = static_cast<std::uint32_t>(random.below(size));
                feed.feed.touch(index);
                model.touch(index);
            }
            for (Place& place : places) {
                if (random.chance(40)) move(feed, model, place, random);
                check_place(feed, model, place);
            }
        }
    }
}

}  // namespace change_feed_test
