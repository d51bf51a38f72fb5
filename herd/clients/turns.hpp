#pragma once

#include "reactor/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace herd::clients {

// How many lines a client may have answered before others have their turn: `most`, which may change
// between two iterations; a quarter of them once the iteration has had as many as four such turns.
// So one that says much at a time has it cheaply, and fifty that do hold up the others for a third
// of the time.
class Turns {
public:
    // Of a turn that begins, at the loop's time: lines, at least one.
    std::size_t begin(reactor::Instant now, std::uint32_t most) {
        if (now != iteration_) {
            iteration_ = now;
            left_ = std::size_t{4} * most;
        }
        return left_ > 0 ? most : std::max<std::size_t>(most / 4, 1);
    }
    // Of a turn that is over: how many it had.
    void end(std::size_t lines) { left_ -= std::min(left_, lines); }

private:
    reactor::Instant iteration_{};  // By its time.
    std::size_t left_ = 0;          // Until turns are short.
};

}  // namespace herd::clients
