#pragma once

#include "herd/config/config.hpp"
#include "herd/program/client_port.hpp"
#include "reactor/time.hpp"

#include <string>
#include <vector>

namespace herd::program {

struct SendOptions {
    reactor::Duration time_limit{};  // how long to wait for the next answer to be whole
    std::string auth = {};  // an AUTH line to begin with, its answer not printed; empty: none
    ClientOptions port = {};
};

// The client: sends the lines, without their ends, on one connection, and prints the answers to
// standard output as they come, with what is pushed between them, but for control characters, each
// of which shows as a ?. A line "-" stands for those of standard input: they are sent as they come,
// and read no faster than they are answered. Goes there when there is a line, not before. Returns
// the exit code: 0, 1 when some answer was a "?", whose reasons, as far as they can be known here,
// are lines on standard error, or 2 with one line there when the server could not be reached or did
// not answer everything.
int send_lines(const config::Config& config,
               const config::Server& server,
               const std::vector<std::string>& lines,
               const SendOptions& options);

}  // namespace herd::program
