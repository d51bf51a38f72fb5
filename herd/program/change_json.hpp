#pragma once

#include <string>
#include <string_view>

namespace herd::program {

// What a server says to a follower, as an object in one line: "event" is "now", "gone" or "follow",
// "number" what it is about; of a client that is there its name, the server that took its report,
// latitude and longitude in degrees, and the text of its time. Bytes that are no UTF-8 show as a ?.
std::string change_json(std::string_view line);

}  // namespace herd::program
