#pragma once

#include "herd/config/config.hpp"

#include <string>

namespace herd::program {

// The herd on a page: servers, graph, settings, and what they amount to. `where` says where the
// configuration is from.
std::string overview(const config::Config& config, const std::string& where, bool all_settings);

struct CheckRequest {
    std::string where;          // the configuration is from
    std::string keys;           // a folder; empty: there are none
    bool all_settings = false;  // else those that are not as usual
};

// Prints that, what is noteworthy, what is wrong, and last, in one line, what is to be thought of
// it. Returns the exit code: 0, or 1 when a server could not start here, or not do all it is to:
// for want of open files, or of a key or secret that it may read and that is as it must be.
int check(const config::Config& config, const CheckRequest& request);

}  // namespace herd::program
