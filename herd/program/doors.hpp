#pragma once

#include "herd/config/config.hpp"
#include "reactor/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace herd::program {

// Where a server is to be reached by others than servers, by the name of its setting.
struct Door {
    std::string_view setting;
    reactor::Address address;
};

// Those that it has, in the order of the settings.
std::vector<Door> doors(const config::Server& server);

// Where servers, and who asks how it is, find it: an address, or a name with a port.
std::string peers_address(const config::Server& server);

}  // namespace herd::program
