#include "protocol/server_name.hpp"

#include <algorithm>

namespace protocol {

bool is_server_name(std::string_view text) {
    if (text.empty() || text.size() > server_name_size_max) return false;
    if (text.front() == '.' || text.front() == '-') return false;
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '/'; });
}

}  // namespace protocol
