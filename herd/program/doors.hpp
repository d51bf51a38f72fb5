#pragma once

#include "herd/config/config.hpp"
#include "reactor/address.hpp"

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

}  // namespace herd::program
