#pragma once

#include "herd/config/file.hpp"

#include <string>

namespace herd::config_test {

// What is wrong with a file of this text; empty: nothing.
inline std::string fault(const std::string& text) {
    const auto config = config::parse(text, "f");
    return config ? "" : config.error();
}

inline constexpr auto one_server =
    R"("servers": [{"name": "A", "clients": "127.0.0.1:12001", "peers": "127.0.0.1:12101"}])";

// A file of one server and these further fields, which begin in line 3.
inline std::string with(const std::string& rest) {
    return std::string("{\n") + one_server + ",\n" + rest + "}";
}

}  // namespace herd::config_test
