#pragma once

#include "herd/geo/cover.hpp"
#include "herd/geo/key_tree.hpp"
#include "herd/geo/sphere.hpp"
#include "protocol/iso6709.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace herd::geo {

// Who is searched: slots, and what is known of each.
class Population {
public:
    // Asks memory for what spots() reads of the slots of these keys, and does not wait for it.
    virtual void fetch(std::span<const std::uint64_t> keys) const = 0;
    virtual void spots(std::span<const std::uint64_t> keys,
                       std::span<protocol::Spot> out) const = 0;
    // Where one is, to the last decimal.
    virtual protocol::Iso6709 place(std::uint32_t slot) const = 0;
    // Whether it is there and is looked for.
    virtual bool counts(std::uint32_t slot) const = 0;
    // Of two that are equally far: whether `one` comes first.
    virtual bool precedes(std::uint32_t one, std::uint32_t other) const = 0;

protected:
    ~Population() = default;
};

// Finds those in a circle who are nearest to its centre. It begins with a circle in which it
// expects a few more than are wanted, by how close together the keys around the centre are, and
// takes wider ones until enough are found or the circle is the whole one.
//
// It goes on as long as it may and then waits for another turn: meanwhile keys may come and go. Who
// stays where it is while a search lasts is found, as if nobody had moved, unless some who have
// moved since took its place among the wanted.
//
// What it is given is borrowed.
class Nearest {
public:
    // In whole millimetres, by which they are ordered.
    struct Found {
        std::uint32_t distance_mm;
        std::uint32_t slot;
    };
    static constexpr double radius_m_max = 50'000;
    static_assert(radius_m_max <= Cover::radius_m_max);

    // As many as `room` holds are wanted.
    Nearest(const KeyTree& tree,
            const Population& population,
            protocol::Iso6709 centre,
            double radius_m,
            std::span<Found> room);

    // Looks at about `visits` keys and squares, fewer when it is done; takes off as many as it has
    // looked at, at most to 0. Returns whether it is done.
    bool run(std::uint32_t& visits);
    // Once it is done: nearest first, those equally far as the population says.
    std::span<const Found> found() const { return room_.first(count_); }

private:
    static constexpr std::size_t batch_size = 64;
    static constexpr std::uint32_t square_visits = 4;  // What a square costs, in keys.

    bool full() const { return count_ == room_.size(); }
    double wanted() const;
    double first_radius() const;
    void begin_pass(double radius_m);
    bool end_pass();
    void set_scales();
    void find_runs();
    std::size_t gather(std::span<std::uint64_t> keys);
    bool may_be_in(protocol::Spot spot) const;
    void consider(std::uint32_t slot);
    void put(Found found);
    void finish();
    bool has(std::uint32_t slot) const;
    bool before(const Found& one, const Found& other) const;
    auto order() const {
        return [this](const Found& one, const Found& other) { return before(one, other); };
    }

    const KeyTree& tree_;
    const Population& population_;
    Centre centre_;
    protocol::Spot spot_;  // of the centre
    double radius_m_;
    std::span<Found> room_;
    std::size_t count_ = 0;         // In this pass; a heap, the farthest on top.
    std::size_t found_before_ = 0;  // in the pass before
    double pass_radius_m_ = 0;
    double limit_ = 0;  // a haversine: what is above it is surely not wanted
    // What a ten-millionth of a degree, squared, adds to a haversine at least.
    double northwards_ = 0;
    double eastwards_ = 0;
    Cover cover_;
    std::array<KeyTree::Where, Cover::runs_max> pages_;  // where each of its runs goes on
    std::size_t run_ = 0;                                // of the cover: the one that is looked at
    std::uint64_t from_ = 0;                             // the first key of it that has not been
    bool interrupted_ = false;                           // It has had more than one turn.
};

}  // namespace herd::geo
