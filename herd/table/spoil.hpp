#pragma once

#include "herd/table/location_table.hpp"
#include "protocol/at_line.hpp"

#include <cstdint>
#include <string_view>

namespace herd::table {

// A fault for tests: a stored report becomes another one, whichever is newer, and no follower is
// told. What a mistake of ours, or bad memory, would do; the digests of the neighbours should find
// it. The table is borrowed.
class Spoiler {
public:
    explicit Spoiler(LocationTable& table) : table_(table) {}

    // Returns whether the line's client is known and the line fits.
    bool spoil(const protocol::AtLine& line);
    // The client in the first used slot from `slot` on, cyclically, moves to 0, 0. Returns who that
    // is, a view of the table; nobody when the table is empty.
    std::string_view spoil_one(std::uint64_t slot);

    std::uint64_t count() const { return count_; }

private:
    LocationTable& table_;
    std::uint64_t count_ = 0;
};

}  // namespace herd::table
