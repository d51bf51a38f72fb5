#pragma once

#include "herd/config/config.hpp"

#include <string>

// What is said of a start that was refused, for who looks when nobody knows any more what standard
// error has said. Only where the server itself has ended with its own log.
namespace herd::program {

// In the log of that server, which is made where it is missing. Does nothing if it cannot be
// written: standard error has it.
void log_refused_start(const config::Log& log, const std::string& server, const std::string& why);

// The same where it may be that there is no such server, or that its log is elsewhere: only in one
// that is there.
void log_refused_start_where_known(const config::Log& log,
                                   const std::string& server,
                                   const std::string& why);

}  // namespace herd::program
