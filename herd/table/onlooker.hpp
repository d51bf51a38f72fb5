#pragma once

#include <cstdint>

namespace herd::table {

// Who wants to know what a record is before that changes. Outlives the table, or takes leave of it.
class Onlooker {
public:
    // The slot's record is about to get a new place in the feed, and perhaps another line; one that
    // is unused, its first.
    virtual void before_change(std::uint32_t slot) = 0;
    // It is about to be forgotten.
    virtual void before_removal(std::uint32_t slot) = 0;

protected:
    ~Onlooker() = default;
};

}  // namespace herd::table
