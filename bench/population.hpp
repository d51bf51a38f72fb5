#pragma once

#include <cstdint>

namespace bench {

// Millionths of a degree, north and east positive.
struct Place {
    std::int64_t north;
    std::int64_t east;
};

// Clients as people live: around cities, of which there are some hundred on the earth. The same on
// each machine and in each run, for every system alike.
class Population {
public:
    static constexpr std::uint32_t cities = 300;
    static constexpr double spread = 0.1;  // standard deviation, in degrees either way

    // Where client `index` is, to stay.
    static Place place(std::uint32_t index);
};

}  // namespace bench
