#pragma once

#include "herd/program/status_table.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace herd::program {

// Whether all servers have the same table, as far as they say: who says nothing may have another.
class StatusDigests {
public:
    explicit StatusDigests(const std::vector<StatusAnswer>& answers);

    std::size_t servers() const { return servers_; }
    std::size_t known() const { return known_; }
    // Of those known.
    std::size_t different() const { return different_.size(); }
    // "tables of 4 of 5 equal"
    std::string text() const;

private:
    std::size_t servers_;
    std::size_t known_ = 0;
    std::set<std::string> different_;
};

}  // namespace herd::program
