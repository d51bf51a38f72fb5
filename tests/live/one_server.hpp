#pragma once

#include <string>

namespace live {

// The configuration of one server, A, on ports that the system picks, with `rest` behind what it
// needs: empty, or from the comma on. `rest` begins on the second line.
inline std::string config_with(const std::string& rest) {
    return "{\n\"servers\": [{\"name\": \"A\", \"clients\": \"127.0.0.1:0\", "
           "\"peers\": \"127.0.0.1:0\"}]" +
           rest + "\n}\n";
}

}  // namespace live
