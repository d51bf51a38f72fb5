#pragma once

#include "reactor/address.hpp"
#include "reactor/time.hpp"

#include <string>
#include <vector>

namespace herd::program {

// The client: sends the lines, without their ends, on one connection, and prints the answers to
// standard output as they come, but for control characters, each of which shows as a ?.
// `time_limit`: how long to wait for the next answer to be whole. Returns the exit code: 0, 1 when
// some answer was a "?", or 2 with one line on standard error when the server could not be reached
// or did not answer everything.
// `begins_with_auth`: what is answered to the first line is not printed, but that it was refused is
// said on standard error.
int send_lines(const reactor::Address& server,
               const std::vector<std::string>& lines,
               reactor::Duration time_limit,
               bool begins_with_auth = false);

}  // namespace herd::program
