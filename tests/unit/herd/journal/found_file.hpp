#pragma once

#include "tests/unit/herd/journal/journal_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

// Journals that a server finds at its start.
namespace herd::journal_test {

inline std::string name(std::size_t number) {
    return "c" + std::to_string(number);
}

// The journal of so many clients, one record each.
inline std::string journal_of(std::size_t clients) {
    std::string bytes = title();
    for (std::size_t i = 0; i < clients; ++i) bytes += line_of(at_line(name(i), i));
    return bytes;
}

// How many whole lines these bytes have, without the title.
inline std::size_t records_in(const std::string& bytes) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
    return lines == 0 ? 0 : lines - 1;
}

// Its server starts, knows these clients and no others, and can go on.
inline void check_knows(House& house, std::size_t clients) {
    REQUIRE(house.start());
    CHECK(house.stored() == clients);
    if (clients > 0) {
        CHECK(house.known(name(0)) == "0");
        CHECK(house.known(name(clients - 1)) == std::to_string(clients - 1));
    }
    REQUIRE(house.answered("late", 1));
    house.kill();
    REQUIRE(house.start());
    CHECK(house.stored() == clients + 1);
    house.kill();
}

inline std::vector<std::string> put_aside(const House& house) {
    return house.kernel.disk.paths(std::string(path) + ".bad-");
}

}  // namespace herd::journal_test
