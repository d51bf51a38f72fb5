#pragma once

#include "reactor/address.hpp"

#include <string>
#include <string_view>

namespace herd::program {

// What is wrong with a port that has answered a client with this line, without its end: a clause
// about the port, for a person. Empty: clients are answered so.
std::string wrong_port(std::string_view line);

// Says so of that port on standard error. Returns the exit code.
int fail_at_wrong_port(const reactor::Address& address, const std::string& wrong);

}  // namespace herd::program
