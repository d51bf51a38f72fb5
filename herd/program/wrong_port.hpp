#pragma once

#include <string>
#include <string_view>

namespace herd::program {

// What is wrong with a port that has answered a client with this line, without its end: a clause
// about the port, for a person. Empty: clients are answered so.
std::string wrong_port(std::string_view line);

}  // namespace herd::program
