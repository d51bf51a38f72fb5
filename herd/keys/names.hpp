#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"

#include <string>

namespace herd::keys {

// Who may ask servers everything, from another machine.
inline constexpr std::string_view operator_name = "operator";
inline constexpr std::string_view authority_name = "ca";

inline std::string key_file(std::string_view name) {
    return std::string(name) + ".key";
}
inline std::string certificate_file(std::string_view name) {
    return std::string(name) + ".crt";
}

// Whether every server of the herd, but for old ones, can have a certificate that is good for its
// name and for nobody else's. Names of certificates are compared without regard to case, and some
// names mean something else there.
Outcome<> check_names(const config::Config& config);

}  // namespace herd::keys
