#pragma once

#include "herd/config/config.hpp"

#include <string>
#include <vector>

namespace herd::program {

// What is wanted. What is empty is not.
struct PhoneRequest {
    std::vector<std::string> tokens;
    std::string herd;    // where phones reach the server; empty: what the configuration says
    std::string device;  // what the phone is called; empty: as its token's client is, or "phone"
    std::string app;     // that one alone
    bool file_only = false;
    bool no_qr = false;
};

// The program: prints how a phone with such a token is set up, app by app, as text, as a link of
// the app's own and as a QR code; or the app's configuration file alone. Returns the exit code: 0,
// or 2 with one line on standard error.
int phone(const config::Config& config, const PhoneRequest& request);

}  // namespace herd::program
