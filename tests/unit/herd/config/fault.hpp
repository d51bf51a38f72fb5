#pragma once

#include "herd/config/file.hpp"

#include <string>

namespace herd::config_test {

// What is wrong with a file of this text; empty: nothing.
inline std::string fault(const std::string& text) {
    const auto config = config::parse(text, "f");
    return config ? "" : config.error();
}

}  // namespace herd::config_test
