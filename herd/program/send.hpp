#pragma once

#include "herd/config/config.hpp"
#include "reactor/time.hpp"

#include <string>
#include <vector>

namespace herd::program {

struct SendOptions {
    reactor::Duration time_limit{};  // how long to wait for the next answer to be whole
    // What is answered to the first line is not printed, but that it was refused is said on
    // standard error.
    bool begins_with_auth = false;
    bool plain = false;     // not where the server speaks TLS, though it does
    std::string authority;  // file with the certificates that are believed; empty: ca.crt of `keys`
};

// The client: sends the lines, without their ends, on one connection, and prints the answers to
// standard output as they come, but for control characters, each of which shows as a ?. Where the
// server speaks TLS (`clients_tls`), this does, and lets it prove its name. Returns the exit code:
// 0, 1 when some answer was a "?", or 2 with one line on standard error when the server could not
// be reached or did not answer everything.
int send_lines(const config::Config& config,
               const config::Server& server,
               const std::vector<std::string>& lines,
               const SendOptions& options);

}  // namespace herd::program
