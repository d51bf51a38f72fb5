#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"

#include <string>

namespace herd::bridge {

// What a bridge shows to a broker beside its user's name, as the files of its configuration have
// it: the first line of each, without the end of it.
struct Login {
    std::string password;
    std::string token;
};
// Says which file is wrong, and how.
Outcome<Login> read_login(const config::Bridge& config);

}  // namespace herd::bridge
