#include "herd/journal/regions.hpp"

#include "tests/sim/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace regions_test {

using herd::journal::Regions;

namespace {

constexpr std::uint32_t clients = 200;
constexpr std::uint64_t line = 50;
constexpr std::uint64_t table = clients * line;

// A file whose lines say whose they are, and which number each client has come to.
class Model {
public:
    explicit Model(std::uint64_t slack)
        : places_(clients, std::uint8_t{0}), regions(places_, 0, slack), newest_(clients, 0) {}

    void change(std::uint32_t slot) {
        ++newest_[slot];
        put(slot);
    }
    // Before a batch; then some of what is to be written once more.
    void turn(int again) {
        regions.turn(size());
        for (; again > 0 && regions.emptying(); --again) {
            const auto slot = regions.next(clients);
            if (!slot) continue;
            if (gone_.at(*slot)) {
                regions.forget(*slot);
            } else {
                put(*slot);
            }
        }
        regions.check();
    }
    // As much as the disk has.
    void sync(std::uint64_t bytes) {
        while (const auto hole = regions.next_hole(bytes)) {
            REQUIRE(hole->begin < hole->end);
            REQUIRE(hole->end <= bytes);
            for (std::uint64_t at = hole->begin / line; at < hole->end / line; ++at) {
                REQUIRE(lines_[at].number > 0);
                lines_[at] = {};
            }
            regions.on_hole(*hole, true);
            check(bytes);
        }
    }
    void remove(std::uint32_t slot) { gone_[slot] = true; }

    std::uint64_t size() const { return lines_.size() * line; }
    std::uint64_t written() const { return lines_.size(); }
    // Of the bytes that the disk has, and of all: each client's newest line is there.
    void check(std::uint64_t synced) const {
        std::vector<std::uint64_t> found(clients, 0);
        std::vector<std::uint64_t> durable(clients, 0);
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            if (lines_[i].number == 0) continue;
            auto& best = found[lines_[i].slot];
            best = std::max(best, lines_[i].number);
            if ((i + 1) * line <= synced) durable[lines_[i].slot] = best;
        }
        for (std::uint32_t slot = 0; slot < clients; ++slot) {
            if (gone_.at(slot) || newest_[slot] == 0) continue;
            REQUIRE(found[slot] == newest_[slot]);
            REQUIRE(durable[slot] >= synced_[slot]);
        }
    }
    // From here on each client's line may not be an older one on the disk.
    void remember(std::uint64_t synced) {
        for (std::size_t i = 0; i < lines_.size() && (i + 1) * line <= synced; ++i) {
            auto& best = synced_[lines_[i].slot];
            best = std::max(best, lines_[i].number);
        }
    }

private:
    struct Line {
        std::uint32_t slot = 0;
        std::uint64_t number = 0;
    };

    void put(std::uint32_t slot) {
        lines_.push_back({slot, newest_[slot]});
        regions.add(slot, line);
    }

    std::vector<std::uint8_t> places_;
    std::vector<Line> lines_;
    std::vector<bool> gone_ = std::vector<bool>(clients, false);
    std::vector<std::uint64_t> synced_ = std::vector<std::uint64_t>(clients, 0);

public:
    Regions regions;

private:
    std::vector<std::uint64_t> newest_;
};

void fill(Model& model) {
    for (std::uint32_t slot = 0; slot < clients; ++slot) {
        model.turn(0);
        model.change(slot);
    }
}

}  // namespace

TEST_CASE("journal regions: whoever moves, a file is kept at less than three times its table",
          "[herd][journal]") {
    const std::uint32_t moving = GENERATE(1U, 20U, clients);
    Model model(0);
    sim::Random random(moving);
    fill(model);
    std::uint64_t largest = 0;
    const std::uint64_t before = model.written();
    constexpr int changes = 15'000;
    for (int i = 0; i < changes; ++i) {
        model.turn(3);
        model.change(static_cast<std::uint32_t>(random.below(moving)));
        if (i % 50 != 0) continue;
        model.remember(model.size());
        model.sync(model.size());
        largest = std::max(largest, model.regions.kept());
    }
    INFO(moving << ": " << model.written() - before << " lines");
    CHECK(largest < 3 * table);
    CHECK_FALSE(model.regions.outgrown());
    // What nobody changes is not written again and again.
    CHECK(model.written() - before < changes * 3 / 2);
}

TEST_CASE("journal regions: a hole is where the disk has all that has replaced it",
          "[herd][journal]") {
    Model model(0);
    sim::Random random(7);
    fill(model);
    std::uint64_t synced = 0;
    std::uint64_t holes = 0;
    for (int i = 0; i < 5'000; ++i) {
        model.turn(static_cast<int>(random.below(4)));
        model.change(static_cast<std::uint32_t>(random.below(clients)));
        if (random.below(40) == 0) model.remove(static_cast<std::uint32_t>(random.below(clients)));
        if (random.below(30) != 0) continue;
        const std::uint64_t before = model.regions.kept();
        model.sync(synced);
        holes += before - model.regions.kept();
        synced = model.size() - random.below(20) * line;
        model.remember(synced);
    }
    CHECK(holes > table);
}

TEST_CASE("journal regions: nothing is written again while what there is is the table",
          "[herd][journal]") {
    Model model(10 * line);
    fill(model);
    model.turn(1);
    CHECK_FALSE(model.regions.emptying());
    CHECK(model.regions.kept() == table);
    CHECK_FALSE(model.regions.pressing(0));
}

TEST_CASE("journal regions: without holes a file has outgrown its table at twice its size",
          "[herd][journal]") {
    Model model(0);
    fill(model);
    std::uint64_t changes = 0;
    bool refused = false;
    while (!model.regions.outgrown()) {
        REQUIRE(++changes < std::uint64_t{5} * clients);
        model.turn(10);
        model.change(static_cast<std::uint32_t>(changes % clients));
        while (const auto hole = model.regions.next_hole(model.size())) {
            model.regions.on_hole(*hole, false);
            refused = true;
        }
    }
    CHECK(refused);
    CHECK(model.size() >= 2 * table);
}

TEST_CASE("journal regions: of nothing that is known a file is never too large",
          "[herd][journal]") {
    Regions regions;
    regions.turn(1'000'000);
    regions.add(3, 10);
    CHECK_FALSE(regions.on());
    CHECK_FALSE(regions.emptying());
    CHECK_FALSE(regions.next_hole(2'000'000).has_value());
    CHECK_FALSE(regions.outgrown());
    CHECK_FALSE(regions.pressing(0));
}

}  // namespace regions_test
