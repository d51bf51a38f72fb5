#pragma once

#include <cstddef>
#include <string_view>

namespace protocol {

inline constexpr std::size_t server_name_size_max = 64;

// Whether a server can be called this: 1 to server_name_size_max printable ASCII characters, no
// blank or '/', the first neither '.' nor '-'. A name is a field of a line, part of a file's name
// and an argument of a command. A configuration gives no other, and no neighbour greets with
// another. Who took the report of an AT line is less strictly read, as that may be an old server.
bool is_server_name(std::string_view text);

}  // namespace protocol
