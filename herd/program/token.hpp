#pragma once

#include "herd/outcome.hpp"

#include <string>

namespace herd::program {

// What is wanted: a new secret, or to know what a token grants, or a token. What is empty is not.
struct TokenRequest {
    std::string new_secret;  // a file that is not there yet
    std::string shown;       // a token
    std::string pattern;     // Of a new one, as a person has written it.
    std::string rights = "report,ask";
    std::string until;
    std::string secret_file;  // Empty: the configured one.
};

// The program. Returns the exit code: 0, 1 when the token shown is not good, or 2 with one line on
// standard error. Where there is no secret, the signature of what is shown is not checked.
int token(const TokenRequest& request, const std::string& configured_secret_file);

// The line that shows the token in this file, which nobody but its owner and its group may read.
Outcome<std::string> auth_line(const std::string& token_file);

}  // namespace herd::program
