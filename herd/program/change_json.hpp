#pragma once

#include <string>
#include <string_view>

namespace herd::program {

// What a server says to a follower, as an object in one line: "event" is "now", "gone" or "follow",
// "number" what it is about; of a client that is there also what web/position_json.hpp says of one,
// but for its AT line. Bytes that are no UTF-8 show as U+FFFD.
std::string change_json(std::string_view line);

}  // namespace herd::program
