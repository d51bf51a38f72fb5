#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace sim {

struct Seeds {
    std::uint64_t first;
    std::uint64_t last;
};

struct Effort {
    unsigned jobs = 1;  // processes
    std::int64_t seconds = 0;
    std::string command;  // what to go on with, when there is no more time
};

struct Outcome {
    std::uint64_t runs = 0;
    std::uint64_t failed = 0;  // the smallest seed found to fail; 0: none
};

// Plays seed after seed, each by `play`, which returns whether all went well, until one fails, all
// are played or the time is over. Every now and then a line on standard error says how far it has
// come, and with which range to go on should it be stopped now.
Outcome run_seeds(const Seeds& seeds,
                  const Effort& effort,
                  const std::function<bool(std::uint64_t)>& play);

}  // namespace sim
