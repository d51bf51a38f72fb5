#pragma once

#include "reactor/list.hpp"

#include <cstdint>

namespace herd::table {

// Who wants to know what a record is before it changes. Outlives the table, or takes leave of it.
class ChangeOnlooker {
public:
    // The slot's record is about to get a new place in the feed, and perhaps another line; one that
    // is unused, its first.
    virtual void before_change(std::uint32_t slot) = 0;

protected:
    ~ChangeOnlooker() = default;
};

// Who wants to know which records are forgotten, from LocationTable::show_removals() until it is
// unlinked.
class RemovalOnlooker : public reactor::ListItem<RemovalOnlooker> {
public:
    // The slot's record is about to be forgotten.
    virtual void before_removal(std::uint32_t slot) = 0;

protected:
    ~RemovalOnlooker() = default;
};

}  // namespace herd::table
