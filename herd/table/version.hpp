#pragma once

#include <cstdint>
#include <string_view>

namespace herd::table {

// What orders two reports of one client: the same on every server, because all of it travels in
// every copy. The views live as long as the line they were cut from.
struct Version {
    std::int64_t effective_ns;  // when it counts as made: rules::effective
    std::string_view location;
    std::string_view server;
    std::string_view skew_text;
    std::string_view time_text;  // the stamp; 1.5 and 1.50 are one, but not one line
};

}  // namespace herd::table
