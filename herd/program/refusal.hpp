#pragma once

#include "herd/config/config.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace herd::program {

// A line that a server has answered with a ?, without its end.
struct Refused {
    std::string_view line;
    std::string_view echo;     // as much of it as came back behind the ?
    std::size_t followed = 0;  // by that connection, at that time
    bool has_token = false;
};

// What came back, of a line of an answer that begins with a ?.
inline std::string_view echo_of(std::string_view answer) {
    return answer.substr(std::min<std::size_t>(answer.size(), 2));
}

// Why that may be, and what to look at: what is wrong with the line itself, or else, as far as this
// configuration tells, the limit that it has met, or what it takes to be allowed. For a person; a
// clause that has nothing of the line in it.
std::string reason_of_refusal(const Refused& refused, const config::Config& config);

}  // namespace herd::program
