#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace herd::journal {

// What of a file still counts, so that it stays a small multiple of that. As the file grows it is
// cut into regions. Of each it is known for how many records it has the newest line. When the file
// has become too large, the region with the least of these is emptied: they are written once more,
// at the file's end. Once the disk has that, the region's bytes are given back: a hole, which takes
// no room and reads as zeros.
//
//   filling --full--> kept --chosen--> emptied --> moved --the disk has all since--> given --> free
//
// One is being filled, and at most one emptied. Where no region is free the one that is filled goes
// on. Sizes are in bytes, slots are those of the table's records.
//
// Owned by its File. Takes no memory but what it is given.
class Regions {
public:
    struct Hole {
        std::uint64_t begin;
        std::uint64_t end;
    };

    // Of a file of which nothing is known: it is never too large.
    Regions() = default;
    // Of a file of `size` bytes, of which nothing is known but that they stay. `where`: for each
    // slot a byte, zero, which stays this one's. Beside a multiple of the table what is added may
    // have `slack`.
    Regions(std::span<std::uint8_t> where, std::uint64_t size, std::uint64_t slack)
        : where_(where), slack_(slack), base_(size), size_(size) {}

    bool on() const { return !where_.empty(); }

    // Before lines are added to a file of that size.
    void turn(std::uint64_t size);
    // The newest line of that slot has been added, behind all others.
    void add(std::uint32_t slot, std::size_t bytes);

    // A region is being emptied.
    bool emptying() const { return emptied_ != none; }
    // A slot below `slots` whose newest line is in it, to be added again or forgotten next. Null:
    // there is none in the stretch that was looked at.
    std::optional<std::uint32_t> next(std::uint32_t slots);
    void forget(std::uint32_t slot);

    // The next hole that may be made in a file of which the disk has that much; it counts as asked
    // for.
    std::optional<Hole> next_hole(std::uint64_t synced);
    // `done`: its bytes are given back. Otherwise the file system cannot, and is not asked again.
    void on_hole(const Hole& hole, bool done);
    // The file is so large that the disk should have what holes wait for at once. It has `synced`.
    bool pressing(std::uint64_t synced) const {
        return moved_ > 0 && wanted_ > synced && kept() - base_ > 2 * table_ + slack_ / 2;
    }
    // Holes do not help, or there are too many.
    bool outgrown() const;

    // What the file takes of the disk.
    std::uint64_t kept() const { return size_ - given_; }
    // Asserts what must hold between calls. O(slots), for tests.
    void check() const;

private:
    static constexpr std::uint8_t none = 0;
    // Of a table, with which a byte can tell all of them.
    static constexpr std::size_t regions_max = 128;
    static constexpr std::uint64_t per_table = 8;
    static constexpr std::uint32_t stretch = 1U << 16;

    enum class State : std::uint8_t { free, filling, kept, emptied, moved, given };
    struct Region {
        State state = State::free;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;     // Not while it is filled.
        std::uint64_t synced = 0;  // The disk must have so much before it is given back.
        std::uint32_t added = 0;   // lines, ever
        std::uint32_t newest = 0;  // Of these, the newest of their slots.
    };

    // Regions have numbers from 1 on, as 0 is said of a slot that has no line.
    Region& at(std::uint8_t number) { return regions_[number - 1U]; }
    const Region& at(std::uint8_t number) const { return regions_[number - 1U]; }
    std::uint64_t region_size() const;
    std::uint8_t find_free() const;
    void begin_region(std::uint8_t number);
    void measure();
    bool too_large() const;
    void choose();
    std::uint8_t emptiest() const;
    void end_emptying();

    std::span<std::uint8_t> where_;  // By slot: the region of its newest line.
    std::array<Region, regions_max> regions_{};
    std::uint64_t slack_ = 0;
    std::uint64_t base_ = 0;       // What it had at the start.
    std::uint64_t size_ = 0;       // of the file
    std::uint64_t given_ = 0;      // of that, holes
    std::uint64_t table_ = 0;      // What the newest lines take, about.
    std::uint64_t moving_ = 0;     // Bytes of regions that are moved or given.
    std::uint32_t moved_ = 0;      // regions
    std::uint64_t wanted_ = 0;     // What the disk must have for the last one of them.
    std::uint32_t next_slot_ = 0;  // The next to look at.
    std::uint8_t filling_ = none;
    std::uint8_t emptied_ = none;
    bool holes_ = true;  // The file system can make them.
};

}  // namespace herd::journal
